import type { Check } from './check.ts'
import { placeOf, withDatabase } from './site-database.ts'

export const database: Check = {
  id: 'database',
  title: "The site's PostgreSQL is reached and lets the platform in",
  protects: 'rollout',
  why: 'The manager would wait for it, and nothing works without the manager.',
  level: 'error',
  async run(context) {
    const given = context.answers.database
    if (!given) return { state: 'skipped', found: 'the platform runs one of its own' }
    return await withDatabase(context, async (client) => {
      const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version') AS version")
      const tls = given.sslMode === 'disable' ? 'without TLS' : 'over TLS'
      return { state: 'passed', found: `PostgreSQL ${rows[0]?.version} at ${placeOf(given)}, ${tls}` }
    })
  },
}
