import { setTimeout } from 'node:timers/promises'
import type { KubernetesObject, V1Ingress, V1Service } from '@kubernetes/client-node'
import { apply } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { hindrance, type ProbePod, startProbePod, watchProbePod } from '../cluster/probe-pod.ts'
import type { RenderedObject } from '../coverage/rendered-yaml.ts'
import { type IngressAddress, ingressAddress } from './ingress-address.ts'
import { createAuthority, issueCertificate } from './own-certificate.ts'
import { standInCommand } from './stand-in-program.ts'

const role = { 'sealift.dev/stand-in': 'platform' }
const ports = { https: 8443, http: 8080 }

/**
 * The chart's objects by which the platform will be reached, made to lead to a stand-in in another namespace: the Service
 * of its ingress, or, where the cluster has its own, the Ingress of the host with its Services. Undefined where the site
 * leads to the platform by something that the chart knows nothing of.
 */
export function standInObjects(
  objects: readonly RenderedObject[],
  { namespace, host }: { namespace: string; host: string },
): KubernetesObject[] | undefined {
  const services = objects.filter(({ kind }) => kind === 'Service') as V1Service[]
  const own = services.find(({ metadata }) => metadata?.name === 'cde-ingress')
  if (own) return own.spec?.type === 'ClusterIP' ? undefined : [serviceIn(namespace, own)]
  const ingress = (objects.filter(({ kind }) => kind === 'Ingress') as V1Ingress[]).find(({ spec }) =>
    spec?.rules?.some((rule) => rule.host === host),
  )
  if (!ingress) return undefined
  const paths = ingress.spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? []
  const names = new Set(paths.map(({ backend }) => backend.service?.name))
  const behind = services.filter(({ metadata }) => names.has(metadata?.name))
  // its secret stays where it is: the answers are not about trust
  const { tls: _, ...spec } = ingress.spec ?? {}
  return [
    ...behind.map((service) => serviceIn(namespace, service)),
    { ...ingress, metadata: { ...ingress.metadata, namespace }, spec } as KubernetesObject,
  ]
}

const serviceIn = (namespace: string, { metadata, spec, ...kind }: V1Service): V1Service => ({
  ...kind,
  metadata: { ...metadata, namespace },
  spec: {
    ...spec,
    selector: role,
    ports: (spec?.ports ?? []).map((port) => ({
      ...port,
      targetPort: port.name === 'https' ? ports.https : ports.http,
    })),
  },
})

export interface StandIn extends Pick<ProbePod, 'namespace' | 'node' | 'image' | 'pullSecret'> {
  host: string
  /** what leads to it */
  objects: readonly KubernetesObject[]
  /** milliseconds that pulling the image and starting the pod may take */
  timeout: number
  /** milliseconds that a load balancer may take to give an address */
  patience: number
}

/**
 * Puts a pod where the platform will be, and tells at which address it is, or what there is not in time. Needs an image with
 * Node.js and a namespace of its own, with which it goes.
 */
export async function startStandIn(
  cluster: Cluster,
  standIn: StandIn,
): Promise<IngressAddress | 'no pod' | 'no address'> {
  const { namespace, host, objects, timeout, patience } = standIn
  // nobody trusts it: its CA lives for this moment, its key as long as the pod
  const pair = await issueCertificate(await createAuthority([host]), [host])
  for (const object of objects) await apply(cluster, object)
  const command = standInCommand(pair, ports)
  const pod = { ...standIn, name: 'stand-in', command, labels: role, limits: { cpu: '500m', memory: '128Mi' } }
  await startProbePod(cluster, pod)
  const runs = await watchProbePod(cluster, pod, (seen, ms) => {
    if (seen.status?.phase === 'Running') return true
    return hindrance(seen) || ms > timeout ? false : undefined
  })
  if (!runs) return 'no pod'
  for (let waited = 0; ; waited += 500) {
    const address = await ingressAddress(cluster, { namespace, host })
    if (address || waited >= patience) return address ?? 'no address'
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}

/** Takes away what leads to a stand-in, and waits for it: what holds an address of a load balancer would keep it from the platform. */
export async function leadAway(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects)
    await cluster.find('delete what led to a stand-in', () => cluster.objects.delete(object))
  for (let waited = 0; waited < 15_000; waited += 500) {
    const left = await Promise.all(
      objects.map(({ apiVersion = '', kind = '', metadata: { namespace = '', name = '' } = {} }) =>
        cluster.find('look for what led to a stand-in', () =>
          cluster.objects.read({ apiVersion, kind, metadata: { namespace, name } }),
        ),
      ),
    )
    if (left.every((one) => one === undefined)) return
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}
