import type { Check } from './check.ts'
import { withDatabase } from './site-database.ts'

/** the oldest that PostgreSQL itself still maintains; the platform's own is 15 or later */
const least = 140_000

const question = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
  pg_encoding_to_char(encoding) AS encoding, has_database_privilege(current_user, current_database(), 'CREATE') AS creates,
  coalesce(has_schema_privilege(current_user, to_regnamespace('public'), 'CREATE'), false) AS tables,
  pg_is_in_recovery() AS replica, current_setting('default_transaction_read_only') = 'on' AS readonly
  FROM pg_database WHERE datname = current_database()`

interface Row {
  version: number
  name: string
  encoding: string
  creates: boolean
  tables: boolean
  replica: boolean
  readonly: boolean
}

export const databaseFit: Check = {
  id: 'database-fit',
  title: "The site's PostgreSQL is new enough, in UTF-8, and may be written to",
  protects: 'rollout',
  why: 'The manager makes its tables when it starts, and names of people are of all languages.',
  level: 'error',
  after: ['database'],
  async run(context) {
    if (!context.answers.database) return { state: 'skipped', found: 'the platform runs one of its own' }
    const row = await withDatabase(context, async (client) => (await client.query<Row>(question)).rows[0] as Row)
    const { user = 'cde', database = 'cde' } = context.answers.database
    const faults = [
      ...(row.version < least ? [`version ${row.name}`] : []),
      ...(row.encoding === 'UTF8' ? [] : [`encoding ${row.encoding}`]),
      ...(row.tables ? [] : [`user ${user} may not make tables in schema public`]),
      ...(row.replica ? ['it is a replica that takes no changes'] : []),
      ...(row.readonly ? ['its transactions only read'] : []),
    ]
    if (faults.length === 0) return { state: 'passed', found: `${row.name}, ${row.encoding}` }
    return {
      state: 'failed',
      code: 'CLUSTER_DATABASE',
      found: faults.join(', '),
      needed: `PostgreSQL ${least / 10_000} or later, UTF8, a user that may make tables`,
      fix: `as its administrator: CREATE DATABASE ${database} OWNER ${user} ENCODING 'UTF8' TEMPLATE template0`,
    }
  },
}
