import fp from 'fastify-plugin'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '../database.ts'
import type { Licensing } from '../licensing.ts'

type Options = { database: Database; licensing: Pick<Licensing, 'current'> }

/**
 * `/metrics` for Prometheus, without a login: the ingress does not lead there, and no number names a person or a
 * workspace. Labels are route patterns, never paths.
 */
export default fp<Options>(async (app, { database, licensing }) => {
  const registers = [new Registry()] as const
  const [registry] = registers
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'cde_manager_request_seconds',
    help: 'time from a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [...registers],
  })
  const refused = new Counter({
    name: 'cde_manager_refused_logins_total',
    help: 'logins with a wrong name or password, or too many of them',
    registers: [...registers],
  })
  const pool = new Gauge({
    name: 'cde_manager_database_connections',
    help: 'connections of the pool, and queries that wait for one',
    labelNames: ['state'],
    registers: [...registers],
    collect() {
      this.set({ state: 'open' }, database.totalCount)
      this.set({ state: 'idle' }, database.idleCount)
      this.set({ state: 'waiting' }, database.waitingCount)
    },
  })
  const workspaces = new Gauge({
    name: 'cde_workspaces',
    help: 'workspaces by what their owners asked for',
    labelNames: ['desired'],
    registers: [...registers],
    async collect() {
      // a scrape must not fail because the database is away: then this one number is missing
      const counted = await database
        .query<{ desired: string; number: number }>(
          'SELECT desired, count(*)::int AS number FROM workspaces GROUP BY desired',
        )
        .catch(() => undefined)
      this.reset()
      for (const { desired, number } of counted?.rows ?? []) this.set({ desired }, number)
    },
  })
  const license = new Gauge({
    name: 'cde_license_end_seconds',
    help: 'when the license that counts ends, its term and its grace period, in seconds since 1970; none without a license',
    labelNames: ['license', 'tier', 'standing', 'of'],
    registers: [...registers],
    async collect() {
      const counts = await licensing.current().catch(() => undefined)
      this.reset()
      if (counts === undefined) return
      const { id, tier, license_expires, exp } = counts.claims
      // in the words of the license page, but for one that is in its term and not for this site
      const isInTerm = counts.standing === 'entitled' || counts.standing === 'grace'
      const standing = isInTerm && counts.refusal !== undefined ? 'refused' : counts.standing
      this.set({ license: id, tier, standing, of: 'term' }, license_expires)
      this.set({ license: id, tier, standing, of: 'grace' }, exp)
    },
  })
  void [pool, workspaces, license]

  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    if (route === '/metrics' || route === '/healthz' || route === '/livez') return
    const status = `${Math.floor(reply.statusCode / 100)}xx`
    duration.observe({ method: request.method, route, status }, reply.elapsedTime / 1000)
    if (route === '/auth/basic/login' && (reply.statusCode === 401 || reply.statusCode === 429)) refused.inc()
  })
  app.get(
    '/metrics',
    { config: { permission: 'anyone', license: 'exempt' }, logLevel: 'warn' },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  )
})
