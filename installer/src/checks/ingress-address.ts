import { setTimeout } from 'node:timers/promises'
import { addressesOf } from '../install/addresses-of.ts'
import type { InstallContext } from '../install/context.ts'
import { type IngressAddress, ingressAddress } from '../install/ingress-address.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { siteNodes } from '../install/site-nodes.ts'
import { leadAway, standInObjects, startStandIn } from '../install/stand-in.ts'
import { standInMark } from '../install/stand-in-program.ts'
import { type FrontSeen, passage, wayBefore } from '../install/websocket.ts'
import type { Check, Finding } from './check.ts'
import { imageWithNode } from './image-with-node.ts'
import { inPullingNamespace } from './pulling-namespace.ts'

/** milliseconds: until a load balancer gives an address, and until what it gives leads somewhere */
const usual = { address: 30_000, way: 30_000 }

/** Tried with the platform where it is installed, else with a stand-in behind the same Service or Ingress. */
export const ingressAddressCheck = (patience = usual): Check => ({
  id: 'ingress-address',
  title: 'The platform gets an address that leads to it',
  protects: 'smoke',
  why: 'Nobody would reach the platform, neither browsers nor, at the end of the installation, this machine.',
  level: 'error',
  after: ['images', 'nodes', 'permissions', 'leftovers'],
  limit: 400_000,
  async run(context, say) {
    const { host, namespace, serviceType } = context.answers
    const cluster = context.cluster()
    if ((await context.status())?.status === 'deployed')
      return await seenFrom(context, patience, (await ingressAddress(cluster, { namespace, host })) ?? 'no address')
    const front = probeNamespaces(context.answers).front
    const objects = standInObjects(await context.objects(), { namespace: front, host })
    if (!objects)
      return { state: 'skipped', found: `published as ${serviceType}: what leads to the ingress, only the site knows` }
    const node = (await siteNodes(context)).fitting[0]?.metadata?.name as string
    return await inPullingNamespace(context, front, async (pullSecret) => {
      say('a pod stands in for the platform')
      try {
        const at = await startStandIn(cluster, {
          ...{ namespace: front, host, objects, node, pullSecret, image: imageWithNode(context) },
          ...{ timeout: 180_000, patience: patience.address },
        })
        return await seenFrom(context, patience, at, standInMark)
      } finally {
        // with the namespace it goes in any case
        await leadAway(cluster, objects).catch(() => {})
      }
    })
  },
})

/** Looks from this machine, and keeps what it saw. */
async function seenFrom(
  context: InstallContext,
  patience: typeof usual,
  at: IngressAddress | 'no pod' | 'no address',
  mark?: string,
): Promise<Finding> {
  const { signal, answers, seen } = context
  const see = `kubectl${context.cluster().flags} get services,ingresses --all-namespaces`
  if (at === 'no pod') return { state: 'skipped', found: 'the pod that stands in for the platform did not start' }
  if (at === 'no address')
    return {
      ...{ state: 'failed', level: 'warning', code: 'CLUSTER_LOAD_BALANCER' },
      found: `no load balancer gave an address within ${patience.address / 1000} s`,
      needed: 'MetalLB, kube-vip, the one of a cloud or of the distribution, or serviceType: NodePort in the answers',
      fix: `ask who gives addresses here (some clouds take minutes), or answer serviceType: NodePort; see: ${see}`,
    }
  if ((await addressesOf(at.address)).length === 0)
    return { state: 'skipped', found: `DNS has no address for ${at.address} yet` }
  const asking = { ca: 'any', signal, ...(mark === undefined ? {} : { mark }) } as const
  const front = await frontSeen(at, answers.host, asking, patience.way)
  seen.front = front
  const shown = `${at.address}:${at.port}`
  if (front.way.state !== 'elsewhere') return { state: 'passed', found: shown }
  return {
    ...{ state: 'failed', code: 'CLUSTER_INGRESS', needed: 'an answer from the cluster, seen from this machine' },
    found: `${shown} does not lead to ${mark ? 'the pod that stands in for the platform' : 'the platform'}: ${front.way.got}`,
    fix: `look at firewalls and routes between this machine and ${at.address}, and at what else answers there: ${see}`,
  }
}

/** What was just told to lead somewhere may take a moment to do so, and longer on some nodes than on others. */
async function frontSeen(
  at: IngressAddress,
  host: string,
  asking: Parameters<typeof wayBefore>[2],
  limit: number,
): Promise<FrontSeen> {
  for (const end = Date.now() + limit; ; await setTimeout(500, undefined, { signal: asking.signal })) {
    const way = await passage(at, { name: host, ...asking })
    if (way.state !== 'through' && Date.now() < end) continue
    return { at, way, before: way.state === 'elsewhere' ? undefined : await wayBefore(host, at, asking) }
  }
}
