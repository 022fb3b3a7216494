import { type FastifyInstance, type FastifyServerOptions, fastify, LogController } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export interface HealthOptions {
  /** why traffic should not come here; undefined when it should */
  fault(): Promise<string | undefined>
  /** values at the moment of a scrape */
  figures(): Promise<{ reloads: number; failures: number; crashes: number; refused: number; connections: number }>
  logger?: FastifyServerOptions['logger']
}

const help = {
  reloads: 'Configurations that NGINX was told to load',
  failures: 'Configurations that could not be applied',
  crashes: 'Times that NGINX ended by itself',
  refused: 'Parts of objects that are left out now',
  connections: 'Connections of clients that are open now',
}

/** The controller's own port: /healthz and /metrics. Does not listen yet. */
export function createHealthServer(options: HealthOptions): FastifyInstance {
  const app = fastify({
    logger: options.logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024,
  })
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const names = Object.keys(help) as (keyof typeof help)[]
  const gauges = new Map(
    names.map((name) => [name, new Gauge({ name: `ingress_${name}`, help: help[name], registers: [registry] })]),
  )
  app.get('/healthz', async (_request, reply) => {
    const fault = await options.fault()
    return fault ? reply.code(503).send({ status: 'unavailable', message: fault }) : { status: 'ok' }
  })
  app.get('/metrics', async (_request, reply) => {
    const figures = await options.figures()
    for (const name of names) gauges.get(name)?.set(figures[name])
    return reply.type(registry.contentType).send(await registry.metrics())
  })
  return app
}
