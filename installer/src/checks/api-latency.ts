import type { Check } from './check.ts'

const tries = 5
/** milliseconds of a request with its TLS handshake */
const slow = 500

export const apiLatency: Check = {
  id: 'api-latency',
  title: 'The API of Kubernetes answers quickly',
  protects: 'deploy',
  why: 'The installation and later the platform ask it often: what waits for it runs into time limits.',
  level: 'warning',
  after: ['api'],
  async run({ cluster }) {
    const times: number[] = []
    for (let i = 0; i < tries; i++) {
      const { sent, received } = await cluster().ask('GET', '/version')
      times.push(received - sent)
    }
    const median = times.sort((a, b) => a - b)[Math.floor(tries / 2)] as number
    if (median <= slow) return { state: 'passed', found: `${median} ms, connection included` }
    return {
      state: 'failed',
      code: 'CLUSTER_SLOW',
      found: `${median} ms, connection included, in the middle of ${tries} requests`,
      needed: `${slow} ms at most`,
      fix: `see what the way and the control plane are busy with: kubectl${cluster().flags} get --raw '/readyz?verbose'`,
    }
  },
}
