import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority, issueCertificate } from '../../../installer/src/certificates/issue.ts'
import type { CheckSite } from './check-site.ts'

const day = 86_400_000

/** What a proxy makes of the answers of the API server behind it. */
export interface Distortion {
  /** days that the certificate before the API lasts */
  days?: number
  /** milliseconds that an answer to `/version` is held back */
  delay?: number
  /** seconds by which its clock is ahead */
  ahead?: number
  /** what `/readyz` answers, with status 500 */
  notReady?: string
  /** the version that it says it is */
  version?: { major: string; minor: string; gitVersion: string }
}

/**
 * A load balancer before the real API server, which ends TLS; those who come through it are the user of a token. Returns
 * the path of a kubeconfig.
 */
export async function startApiProxy(
  { site, scratch }: CheckSite,
  undo: AsyncDisposableStack,
  { name, token, ...distortion }: Distortion & { name: string; token: string },
): Promise<string> {
  const { days = 365, delay = 0, ahead = 0, notReady, version } = distortion
  const config = JSON.parse(await readFile(site.kubeconfig, 'utf8'))
  const behind = new URL(config.clusters[0].cluster.server)
  const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64')
  const validity = (days: number) => ({ from: new Date(Date.now() - day), to: new Date(Date.now() + days * day) })
  const authority = await createAuthority('API', ['localhost'], validity(365))
  const { certificate, key } = await issueCertificate(authority, ['localhost'], validity(days))
  const server = createServer({ cert: certificate, key }, async (incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', behind)
    if (pathname === '/readyz' && notReady !== undefined) return outgoing.writeHead(500).end(notReady)
    if (pathname === '/version') await sleep(delay)
    const { method, url: path, headers } = incoming
    const { hostname, port } = behind
    const forwarded = request({ hostname, port, method, path, headers, ca }, (answer) => {
      const date = new Date(Date.now() + ahead * 1000).toUTCString()
      const { 'content-length': _, ...kept } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, { ...kept, date })
      if (pathname === '/version' && version !== undefined) {
        answer.resume()
        outgoing.end(JSON.stringify(version))
      } else answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.defer(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const file = join(scratch, `${name}-kubeconfig`)
  const cluster = {
    server: `https://localhost:${(server.address() as AddressInfo).port}`,
    'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
  }
  const names = { clusters: [{ name, cluster }], users: [{ name, user: { token } }] }
  const contexts = [{ name, context: { cluster: name, user: name } }]
  const whole = { apiVersion: 'v1', kind: 'Config', ...names, contexts, 'current-context': name }
  await writeFile(file, JSON.stringify(whole), { mode: 0o600 })
  return file
}

/** A token of a user that may look at everything and change nothing. */
export async function readerToken(site: CheckSite, undo: AsyncDisposableStack, name: string): Promise<string> {
  const account = { namespace: 'default', name }
  const rbac = 'rbac.authorization.k8s.io'
  const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name } }
  await site.put(
    undo,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    { ...role, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }] },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name } },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  )
  return (await site.kubectl('create', 'token', name, '--namespace=default')).trim()
}
