import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { clusterNetworks } from '../cluster/cluster-networks.ts'
import { type Network, overlap } from '../cluster/networks.ts'
import { addressesOf } from '../install/addresses-of.ts'
import type { InstallContext } from '../install/context.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

export const networks: Check = {
  id: 'networks',
  title: 'The networks of pods, services, nodes and this machine do not overlap',
  protects: 'smoke',
  why: 'What has an address of two networks is not reached from one of them: the registry, the proxy, people.',
  level: 'warning',
  after: ['api'],
  async run(context) {
    const { pods, services, nodes } = await clusterNetworks(context.cluster(), (await siteNodes(context)).all)
    const inside = [...pods, ...services]
    if (inside.length === 0) return { state: 'skipped', found: 'the cluster does not tell its networks' }
    const outside = [...nodes, ...(await siteAddresses(context)), ...ownNetworks(nodes)]
    const clashes = [
      ...pods.flatMap((one) => services.map((other) => [one, other] as const)),
      ...inside.flatMap((one) => outside.map((other) => [one, other] as const)),
    ].filter(([one, other]) => overlap(one.cidr, other.cidr))
    if (clashes.length === 0)
      return { state: 'passed', found: listed([...new Set(inside.map(({ cidr, whose }) => `${whose} ${cidr}`))]) }
    const said = new Set(clashes.map(([one, other]) => `${one.whose} ${one.cidr} and ${other.whose} ${other.cidr}`))
    return {
      state: 'failed',
      code: 'CLUSTER_NETWORKS',
      found: listed([...said]),
      needed: 'ranges of their own',
      fix: 'a cluster keeps its ranges: make it anew with others (--pod-network-cidr, --service-cidr), or move what is outside',
    }
  },
}

/** Where the answers say that something is which pods or nodes reach. */
async function siteAddresses({ answers }: InstallContext): Promise<Network[]> {
  const registry = (answers.registry.address.split('/', 1)[0] as string).replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const places = [
    { whose: 'the registry', host: registry },
    ...(answers.database ? [{ whose: 'the database', host: answers.database.host }] : []),
  ]
  const found = await Promise.all(
    places.map(async ({ whose, host }) => {
      const addresses = isIP(host) === 0 ? await addressesOf(host) : [host]
      return addresses.map((cidr) => ({ cidr, whose }))
    }),
  )
  return found.flat()
}

/** The networks of this machine; none where it is a node itself, and has those of the cluster. */
function ownNetworks(nodes: readonly Network[]): Network[] {
  const own = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ internal, cidr, address }) =>
      internal || cidr === null || /^fe80:/i.test(address) ? [] : [{ cidr, address, whose: `${name} of this machine` }],
    ),
  )
  return own.some(({ address }) => nodes.some(({ cidr }) => cidr === address)) ? [] : own
}
