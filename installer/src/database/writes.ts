import { type Database, ownName } from './database.ts'

const setting = 'default_transaction_read_only'

/**
 * Lets the database refuse what the platform writes: transactions of its role only read from now on (SQLSTATE 25006), and its
 * sessions end, so that none goes on that has begun before. It holds until `resumeWrites`, over restarts.
 * @throws SealiftError CLUSTER_SQL
 */
export async function stopWrites(database: Pick<Database, 'script'>): Promise<void> {
  await database.script(alter(`SET ${setting} = on`))
  await database.script(endOthers)
}

/** Lets the platform write again. @throws SealiftError CLUSTER_SQL */
export async function resumeWrites(database: Pick<Database, 'script'>): Promise<void> {
  await database.script(alter(`RESET ${setting}`))
  await database.script(endOthers)
}

/** @throws SealiftError CLUSTER_SQL */
export async function areWritesStopped(database: Pick<Database, 'query'>): Promise<boolean> {
  const rows = await database.query(
    `SELECT 1 FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()
    WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND '${setting}=on' = ANY (setconfig)`,
  )
  return rows.length > 0
}

const alter = (what: string): string => `DO $alter$ BEGIN
  EXECUTE format('ALTER ROLE %I IN DATABASE %I ${what}', current_user, current_database());
END $alter$`

/** milliseconds that a session may take to end */
const patience = 10_000

/**
 * Ends the sessions of the platform, which come back with what holds now; ours are called `sealift`. Twice, since one that just
 * begins may know the settings of before, and is not in the list yet.
 */
export const endOthers = `DO $end$ BEGIN
  FOR i IN 1..2 LOOP
    PERFORM pg_terminate_backend(pid, ${patience}) FROM pg_stat_activity
      WHERE datname = current_database() AND usename = current_user AND application_name <> '${ownName}';
    PERFORM pg_sleep(0.2), pg_stat_clear_snapshot();
  END LOOP;
END $end$`
