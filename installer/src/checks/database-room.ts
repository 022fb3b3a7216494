import { sizesFor } from '../answers/sizes.ts'
import type { Check } from './check.ts'
import { withDatabase } from './site-database.ts'

/** connections of a pod of the manager: its pool, and one that listens; twice while pods are replaced */
const perManager = 2 * 11
/** milliseconds of a query that does nothing */
const slow = 20
const tries = 5

const question = `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
  (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND application_name NOT LIKE 'cde-%') AS taken,
  (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS own`

export const databaseRoom: Check = {
  id: 'database-room',
  title: "The site's PostgreSQL has connections left, and answers quickly",
  protects: 'smoke',
  why: 'Without a connection people wait and get errors, most of all while pods are replaced; each page asks several times.',
  level: 'warning',
  after: ['database'],
  async run(context) {
    const { database, replicas, people } = context.answers
    if (!database) return { state: 'skipped', found: 'the platform runs one of its own' }
    const sized = people === undefined ? undefined : sizesFor(people).find(({ part }) => part === 'manager')?.replicas
    const needed = perManager * (replicas?.manager ?? sized ?? 1)
    return await withDatabase(context, async (client) => {
      const { rows } = await client.query<{ most: number; taken: number; own: number }>(question)
      const { most = 0, taken = 0, own = -1 } = rows[0] ?? {}
      const left = Math.min(most - taken, own < 0 ? Number.POSITIVE_INFINITY : own)
      const times: number[] = []
      for (let i = 0; i < tries; i++) {
        const started = performance.now()
        await client.query('SELECT 1')
        times.push(performance.now() - started)
      }
      const median = times.sort((a, b) => a - b)[Math.floor(tries / 2)] as number
      const found = `${left} connections left, ${median.toFixed(1)} ms for a query`
      if (left >= needed && median <= slow) return { state: 'passed', found }
      return {
        state: 'failed',
        code: 'CLUSTER_DATABASE',
        found,
        needed: `${needed} connections, ${slow} ms at most`,
        fix:
          left < needed
            ? 'raise max_connections, or the limit of the user'
            : 'bring the database nearer to the cluster',
      }
    })
  },
}
