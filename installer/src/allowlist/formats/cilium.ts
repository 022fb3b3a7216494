import { isIP } from 'node:net'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { parse } from 'yaml'
import { cidr } from './addresses.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort, type Port } from './ports.ts'
import { heading } from './words.ts'

/** characters of a matchName or matchPattern (CiliumNetworkPolicy, FQDNSelector) */
const longest = 255

/** Selectors of `toFQDNs`: `*.x` is one label below x, `**.x` any number of them (Cilium 1.19), neither is x itself. */
function selectors({ host, match }: HostPattern): string[] {
  const named = match === 'exact' || match === 'within' ? [`matchName: "${host}"`] : []
  const mark = { exact: undefined, label: '*', below: '**', within: '**' }[match]
  return mark === undefined ? named : [...named, `matchPattern: "${mark}.${host}"`]
}

const usage = [
  'Use: kubectl apply -n NAMESPACE -f THIS-FILE, for all pods there. A pod that it selects reaches nothing else; the first rule lets',
  'pods look names up through Cilium, which so learns the addresses of those that are listed.',
  'Cilium before 1.19 takes "**." for "*.": it opens one label only there.',
]

/**
 * A CiliumNetworkPolicy (docs.cilium.io, "DNS based", "DNS Proxy"). `toFQDNs` needs a rule by which names are looked up through
 * Cilium, and stands in no rule with `toCIDR`.
 */
export const cilium: Format = defineFormat({
  id: 'cilium',
  title: 'a CiliumNetworkPolicy',
  cannot: [
    'paths',
    'the bastion, nodes, browsers and desktops: it is for pods',
    'two names that share an address: who may reach the one reaches both',
  ],
  write(list) {
    const { said, omitted } = sift(list, ({ host, match }) =>
      match !== 'exact' && host.length + '**.'.length > longest
        ? `Cilium takes ${longest} characters at most`
        : undefined,
    )
    const comments = [...heading(list, cilium, omitted), ...usage].map((line) => `# ${line}`)
    const lines = [
      'apiVersion: cilium.io/v2',
      'kind: CiliumNetworkPolicy',
      'metadata: { name: sealift-allowlist }',
      'spec:',
      '  endpointSelector: {}',
      '  egress:',
      '    - toEndpoints: [{ matchLabels: { "k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns } }]',
      '      toPorts: [{ ports: [{ port: "53", protocol: ANY }], rules: { dns: [{ matchPattern: "*" }] } }]',
      ...byPort(said).flatMap(egress),
    ]
    return { text: `${[...comments, ...lines].join('\n')}\n`, omitted }
  },
  read(text) {
    const { spec } = parse(text) as { spec: { egress: EgressRule[] } }
    const [dns, ...rules] = spec.egress
    if (dns?.toEndpoints === undefined || dns.toPorts?.[0]?.ports[0]?.port !== '53')
      throw new Error('no names are looked up')
    return rules.flatMap(({ toEndpoints, toFQDNs, toCIDR, toPorts = [] }) => {
      if (toEndpoints !== undefined || (toFQDNs === undefined) === (toCIDR === undefined) || toPorts.length === 0)
        throw new Error('no rule of an allowlist')
      const to = [...(toFQDNs ?? []).map(selected), ...(toCIDR ?? []).map((network) => ({ network }))]
      return toPorts
        .flatMap(({ ports }) => ports)
        .flatMap(({ port, protocol }) =>
          to.map(
            (pattern): Rule => ({ pattern, port: Number(port), ...(protocol === 'UDP' ? { protocol: 'udp' } : {}) }),
          ),
        )
    })
  },
})

interface EgressRule {
  toEndpoints?: unknown[]
  toFQDNs?: { matchName?: string; matchPattern?: string }[]
  toCIDR?: string[]
  toPorts?: { ports: { port: string; protocol: string }[] }[]
}

function egress({ port, protocol, patterns }: Port): string[] {
  const names = patterns.filter(({ host }) => isIP(host) === 0).flatMap(selectors)
  const networks = patterns.filter(({ host }) => isIP(host) !== 0).map(({ host }) => `"${cidr(host)}"`)
  const toPorts = `      toPorts: [{ ports: [{ port: "${port}", protocol: ${protocol.toUpperCase()} }] }]`
  const rule = (field: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`    - ${field}:`, ...items.map((item) => `        - ${item}`), toPorts]
  return [...rule('toFQDNs', names), ...rule('toCIDR', networks)]
}

function selected({ matchName, matchPattern }: { matchName?: string; matchPattern?: string }): HostPattern {
  const text = matchName ?? matchPattern ?? ''
  if (text.length > longest || (matchName === undefined) === (matchPattern === undefined))
    throw new Error(`no selector: ${text}`)
  const [, mark, host = ''] = /^(?:(\*\*?)\.)?([-a-z0-9_.]+)$/.exec(text) ?? []
  if (host === '' || (mark === undefined) !== (matchPattern === undefined)) throw new Error(`no selector: ${text}`)
  return { host, match: mark === undefined ? 'exact' : mark === '*' ? 'label' : 'below' }
}
