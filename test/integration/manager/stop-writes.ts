import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Database } from '../../../services/manager/database.ts'
import type { Postgres } from '../postgres.ts'
import { connection } from './site.ts'

/** Stops and resumes writes as an upgrade does: for connections that begin; those that are there are cut when it stops them. */
export async function writes(t: TestContext, postgres: Postgres, { options }: Database) {
  const admin = new pg.Client({ ...connection(postgres), database: 'postgres' })
  await admin.connect()
  t.after(() => admin.end())
  const of = `ALTER ROLE ${postgres.user} IN DATABASE ${options.database}`
  return {
    async stop() {
      await admin.query(`${of} SET default_transaction_read_only = on`)
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [options.database])
      // the pool hears of its idle connections' end
      await sleep(100)
    },
    resume: () => admin.query(`${of} RESET default_transaction_read_only`),
  }
}
