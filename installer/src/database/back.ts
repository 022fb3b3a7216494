import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { appliedMigrations } from './applied-migrations.ts'
import type { Database } from './database.ts'
import { literal } from './psql.ts'

/**
 * Takes migrations back that are newer than one, newest first, in one transaction, by what the rows of table `migrations` say;
 * all of them where it is undefined. Returns their names.
 * @throws SealiftError CLUSTER_NO_WAY_BACK where one has no way back, or the one to stay at was not applied; CLUSTER_SQL
 */
export async function migrateBack(database: Database, to: string | undefined): Promise<string[]> {
  const applied = await appliedMigrations(database)
  if (to !== undefined && !applied.some(({ name }) => name === to))
    throw new SealiftError('CLUSTER_NO_WAY_BACK', `the database has no migration ${to} to go back to`, {
      why: `its newest is ${applied.at(-1)?.name ?? 'none'}`,
      fix: 'restore a backup of before: sealift backup list',
    })
  const newer = applied.filter(({ name }) => to === undefined || name > to).reverse()
  const stuck = newer.find(({ back }) => back === undefined)
  if (stuck)
    throw new SealiftError('CLUSTER_NO_WAY_BACK', `migration ${stuck.name} cannot be taken back`, {
      why: `it is ${stuck.class ?? 'of an unknown class'}, and the database keeps no way back for it`,
      fix: 'restore a backup of before: sealift backup list',
    })
  if (newer.length > 0) await database.script(takeBack(newer.map(({ name }) => name)))
  return newer.map(({ name }) => name)
}

/**
 * Marks additive migrations as about to be taken back: a manager that does not know them starts on them (services/manager,
 * applied-migrations.ts). @throws SealiftError CLUSTER_SQL
 */
export const markLeaving = (database: Pick<Database, 'script'>, names: readonly string[]): Promise<void> =>
  database.script(`UPDATE migrations SET leaving = true WHERE name IN (${names.map(literal).join(', ')})`)

/** Takes back marks that a way back has left which did not come to its end. @throws SealiftError CLUSTER_SQL */
export const unmarkLeaving = (database: Pick<Database, 'script'>): Promise<void> =>
  database.script('UPDATE migrations SET leaving = false WHERE leaving')

/** The text of a way back never leaves the server: nothing in it means anything to psql. */
const takeBack = (names: readonly string[]): string => `DO $back$
DECLARE
  one text;
  text text;
BEGIN
  LOCK TABLE migrations IN ACCESS EXCLUSIVE MODE;
  FOREACH one IN ARRAY ARRAY[${names.map(literal).join(', ')}]::text[] LOOP
    SELECT back INTO STRICT text FROM migrations WHERE name = one;
    EXECUTE text;
    DELETE FROM migrations WHERE name = one;
  END LOOP;
END
$back$`
