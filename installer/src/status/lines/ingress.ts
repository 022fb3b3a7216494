import { readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../../install/chart-values.ts'
import { type IngressAddress, ingressAddress } from '../../install/ingress-address.ts'
import { answerOf, smokeChecks } from '../../install/smoke-check.ts'
import { passWebSocketsOn, wayBefore } from '../../install/websocket.ts'
import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine, unknown, warned } from '../line.ts'
import { siteHosts } from '../site-hosts.ts'

const subject = { id: 'ingress', title: 'Ingress' }

/** Where the platform is, and whether each service answers there as a browser would see it. */
export async function ingressLines({ cluster, namespace, release, receipt }: StatusContext): Promise<StatusLine[]> {
  // without the right to Helm's records the receipt still names the main one
  const host = (await receipt())?.site?.host
  const hosts =
    siteHosts(
      await release().then(
        (helm) => helm?.values,
        () => undefined,
      ),
    ) ?? (host ? { host } : undefined)
  if (hosts === undefined) return [unknown(subject, 'neither the release nor the receipt names its host')]
  const to = await ingressAddress(cluster, { namespace, host: hosts.host })
  const see = `see the ingress: kubectl${cluster.flags} --namespace ${namespace} get services,ingresses,pods`
  if (to === undefined) return [failed(subject, { found: 'it has no address', fix: see })]
  const ca = await readSecret(cluster, namespace, secretNames.tls).then(
    (secret) => secret?.['ca.crt'],
    (error: Error) => error,
  )
  const routes = await Promise.all(
    smokeChecks(hosts).map(async (check) => {
      const { service, host, path } = check
      const route = { id: `route-${service}-${host}`, title: `https://${host}${path}` }
      const trusted = ca instanceof Error ? undefined : ca
      const { isRight, got, fix = see } = await answerOf(check, to, trusted, cluster.signal)
      if (isRight) return passed(route, `the ${service} answers`)
      // without the CA of its certificate a whole site looks like a broken one
      if (ca instanceof Error) return unknown(route, `${got}; the certificate's CA: ${ca.message}`)
      return failed(route, { found: `the ${service} does not answer: ${got}`, fix })
    }),
  )
  return [
    passed(subject, `${to.address}, port ${to.port}`),
    ...routes,
    ...(await linesBefore(hosts.host, to, cluster.signal)),
  ]
}

/** What stands before the ingress, where DNS leads its host elsewhere. */
async function linesBefore(host: string, to: IngressAddress, signal: AbortSignal): Promise<StatusLine[]> {
  const before = await wayBefore(host, to, { ca: 'any', signal })
  if (!before) return []
  const { address, way } = before
  const line = { id: 'websocket', title: `WebSockets through ${address}, where DNS leads ${host}` }
  if (way.state === 'through') return [passed(line, 'they come through')]
  if (way.state === 'elsewhere')
    return [
      warned(line, {
        found: `it does not lead to the platform: ${way.got}`,
        fix: `let it, or DNS, lead to ${to.address}`,
      }),
    ]
  return [failed(line, { found: `they are stopped: ${way.got}`, fix: passWebSocketsOn })]
}
