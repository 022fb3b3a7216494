import { parse } from 'yaml'
import { type Address, addressesOf, cidr } from './addresses.ts'
import { defineFormat, type Format, type Rule } from './format.ts'
import { heading } from './words.ts'

const usage = [
  'Use: kubectl apply -n NAMESPACE -f THIS-FILE, for all pods there. Policies add up, and a pod that one of them selects reaches',
  'nothing else: let those of its own keep it in touch with the cluster (names: UDP and TCP 53 of kube-dns).',
]

/**
 * A NetworkPolicy of Kubernetes (networking.k8s.io/v1): `ipBlock` is all it has for what is outside the cluster. Pods only: what
 * nodes reach it cannot limit.
 */
export const networkpolicy: Format = defineFormat({
  id: 'networkpolicy',
  title: 'a NetworkPolicy of Kubernetes',
  cannot: ['names and paths: it knows addresses only', 'the bastion, nodes, browsers and desktops: it is for pods'],
  write(list) {
    const { addresses, omitted, known } = addressesOf(list)
    const comments = [...heading(list, networkpolicy, omitted), ...known, ...usage].map((line) => `# ${line}`)
    const groups = Map.groupBy(addresses, ({ port, protocol }) => `${protocol.toUpperCase()}, port: ${port}`)
    const lines = [
      'apiVersion: networking.k8s.io/v1',
      'kind: NetworkPolicy',
      'metadata: { name: sealift-allowlist }',
      'spec:',
      '  podSelector: {}',
      '  policyTypes: [Egress]',
      ...(groups.size === 0 ? ['  egress: []'] : ['  egress:', ...[...groups].flatMap(egress)]),
    ]
    return { text: `${[...comments, ...lines].join('\n')}\n`, omitted }
  },
  read(text) {
    const { spec } = parse(text) as { spec: { policyTypes: string[]; egress: EgressRule[] } }
    if (!spec.policyTypes.includes('Egress')) throw new Error('it limits nothing')
    return spec.egress.flatMap(({ to = [], ports = [] }) => {
      // Kubernetes, NetworkPolicyEgressRule: without one of the two it is for all destinations, or ports
      if (to.length === 0 || ports.length === 0) throw new Error('it opens all')
      return ports.flatMap(({ protocol, port }) =>
        to.map(
          ({ ipBlock: { cidr: network } }): Rule => ({
            pattern: { network },
            port,
            ...(protocol === 'UDP' ? { protocol: 'udp' } : {}),
          }),
        ),
      )
    })
  },
})

interface EgressRule {
  to?: { ipBlock: { cidr: string } }[]
  ports?: { protocol: string; port: number }[]
}

const egress = ([port, addresses]: [string, Address[]]): string[] => [
  `    - ports: [{ protocol: ${port} }]`,
  '      to:',
  ...addresses.map(({ address, of }) => `        - ipBlock: { cidr: "${cidr(address)}" } # ${of}`),
]
