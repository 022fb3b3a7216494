import { once } from 'node:events'
import { connect } from 'node:tls'
import { day, daysUntil, fromNow } from '../amounts.ts'
import type { Check } from './check.ts'

const early = 30

export const apiCertificate: Check = {
  id: 'api-certificate',
  title: 'The certificate of the API server lasts',
  protects: 'smoke',
  why: 'When it ends, no node and nobody else reaches the API any more, the platform included.',
  level: 'warning',
  after: ['api'],
  async run({ cluster, signal }) {
    const { protocol, hostname, port } = new URL(cluster().server)
    if (protocol !== 'https:') return { state: 'skipped', found: `${cluster().server} has none` }
    const host = hostname.replace(/^\[|\]$/g, '')
    const end = await endOf(host, Number(port || 443), signal)
    if (end === undefined) return { state: 'skipped', found: 'the API is not reached directly' }
    const days = daysUntil(end)
    const found = `it ends on ${day(end)}, ${fromNow(end)}`
    if (days >= early) return { state: 'passed', found }
    return {
      state: 'failed',
      code: 'CLUSTER_CERTIFICATE',
      found,
      needed: `${early} days at least`,
      fix: 'renew it where the control plane runs, for example: kubeadm certs renew apiserver',
    }
  },
}

/** When the certificate of a server ends; whether it is trusted, each request says. Undefined where nothing is reached. */
async function endOf(host: string, port: number, signal: AbortSignal): Promise<Date | undefined> {
  const socket = connect({ host, port, rejectUnauthorized: false, servername: /[a-z]/i.test(host) ? host : '' })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) })
    return socket.getPeerX509Certificate()?.validToDate
  } catch {
    // through a proxy, for example
    signal.throwIfAborted()
    return undefined
  } finally {
    socket.destroy()
  }
}
