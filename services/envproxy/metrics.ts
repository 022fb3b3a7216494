import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Prometheus metrics of one envproxy; `sessions` reads the number of open sessions when scraped. */
export function createMetrics(sessions: () => number) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'envproxy_sessions',
    help: 'Open sessions',
    registers: [registry],
    collect() {
      this.set(sessions())
    },
  })
  return {
    registry,
    opened: new Counter({ name: 'envproxy_sessions_total', help: 'Sessions opened', registers: [registry] }),
    refused: new Counter({
      name: 'envproxy_refused_total',
      help: 'Upgrades refused, by code',
      labelNames: ['code'],
      registers: [registry],
    }),
    bytes: new Counter({
      name: 'envproxy_bytes_total',
      help: 'Bytes of ended sessions; up is towards the workspace',
      labelNames: ['direction'],
      registers: [registry],
    }),
    handshake: new Histogram({
      name: 'envproxy_handshake_seconds',
      help: 'From the upgrade request to the 101',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
  }
}
