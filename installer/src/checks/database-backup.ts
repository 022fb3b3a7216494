import { type ChartValues, valueAt } from '../cluster/chart-values.ts'
import { chartValuesIn } from '../install/chart-files.ts'
import type { Check } from './check.ts'
import { withDatabase } from './site-database.ts'

/** pg_dump refuses a server of a later major version than its own (manual, "pg_dump", Notes); it is in the release's image. */
export const databaseBackup: Check = {
  id: 'database-backup',
  title: "Backups of the site's PostgreSQL can be made",
  protects: 'backup',
  why: 'No upgrade begins without a backup, and only the release brings the programs that make one.',
  level: 'warning',
  after: ['database'],
  async run(context) {
    if (!context.answers.database) return { state: 'skipped', found: 'the platform runs one of its own' }
    const { values } = await chartValuesIn(await context.chart())
    const most = Number(valueAt(values as ChartValues, 'postgres', 'major'))
    const { rows } = await withDatabase(context, (client) =>
      client.query<{ major: number }>("SELECT current_setting('server_version_num')::int / 10000 AS major"),
    )
    const major = rows[0]?.major ?? 0
    if (major <= most) return { state: 'passed', found: `PostgreSQL ${major}, by programs of ${most}` }
    return {
      ...{ state: 'failed', level: context.upgrades ? 'error' : 'warning', code: 'CLUSTER_DATABASE' },
      found: `PostgreSQL ${major}, and the release brings the programs of ${most}`,
      needed: `PostgreSQL ${most} or earlier`,
      fix: `ask for a database on PostgreSQL ${most}; or back it up by its own means, and ask the vendor for a release with PostgreSQL ${major}`,
    }
  },
}
