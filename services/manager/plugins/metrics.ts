import fp from 'fastify-plugin'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '../database.ts'

type Options = { database: Database }

/**
 * `/metrics` for Prometheus, without a login: the ingress does not lead there, and no number names a person or a
 * workspace. Labels are route patterns, never paths.
 */
export default fp<Options>(async (app, { database }) => {
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
  void [pool, workspaces]

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
