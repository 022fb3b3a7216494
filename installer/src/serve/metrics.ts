import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Address, cannotListen } from './listen.ts'

/** What is counted, in the text format of Prometheus (exposition format 0.0.4). */
export interface Metrics {
  /** One request has ended. `bytes` are those of the body. */
  request(kind: string, status: number, bytes: number): void
  /** A download that could not be ended because its content could not be proven or read. */
  failure(): void
  /** The set of bundles was loaded anew, or could not be. */
  reload(loaded: boolean): void
  text(gauges: Readonly<Record<string, number>>): string
}

const help: Record<string, string> = {
  requests_total: 'Requests that have ended, by what was asked for and status.',
  sent_bytes_total: 'Bytes of answers.',
  failures_total: 'Answers that were cut or refused because content could not be read or proven.',
  reloads_total: 'Attempts to load the bundles anew.',
  bundles: 'Bundles that are served.',
  repositories: 'Repositories that are served.',
  connections: 'Open connections.',
  start_time_seconds: 'When the server started, Unix time.',
  last_load_time_seconds: 'When the bundles were last loaded, Unix time.',
}

export function createMetrics(): Metrics {
  const counters = new Map<string, Map<string, number>>()
  const count = (name: string, labels = '', by = 1) => {
    const values = counters.get(name) ?? new Map<string, number>()
    counters.set(name, values.set(labels, (values.get(labels) ?? 0) + by))
  }
  count('sent_bytes_total', '', 0)
  count('failures_total', '', 0)
  for (const result of ['loaded', 'failed']) count('reloads_total', `{result="${result}"}`, 0)
  return {
    request(kind, status, bytes) {
      count('requests_total', `{kind="${kind}",status="${status}"}`)
      count('sent_bytes_total', '', bytes)
    },
    failure: () => count('failures_total'),
    reload: (loaded) => count('reloads_total', `{result="${loaded ? 'loaded' : 'failed'}"}`),
    text(gauges) {
      const families = [
        ...[...counters].map(([name, values]) => ({ name, type: 'counter', values: [...values] })),
        ...Object.entries(gauges).map(([name, value]) => ({ name, type: 'gauge', values: [['', value] as const] })),
      ]
      return families
        .flatMap(({ name, type, values }) => [
          `# HELP sealift_${name} ${help[name] ?? name}`,
          `# TYPE sealift_${name} ${type}`,
          ...values.map(([labels, value]) => `sealift_${name}${labels} ${value}`),
        ])
        .join('\n')
        .concat('\n')
    },
  }
}

/**
 * Serves `/metrics` on an address of its own, without TLS or login.
 * @throws SealiftError USAGE_LISTEN
 */
export async function serveMetrics(
  address: Address,
  text: () => Promise<string>,
): Promise<Address & { close(): void }> {
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 5000 }, async (request, response) => {
    const known = request.url === '/metrics' && (request.method === 'GET' || request.method === 'HEAD')
    response
      .writeHead(known ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      .end(known ? await text() : 'there is only /metrics\n')
  })
  server.maxConnections = 16
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(address, cause)))
    server.listen(address, resolve)
  })
  return {
    host: address.host,
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
