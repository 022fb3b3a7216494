import { isIP } from 'node:net'
import { type Address, addressesOf, cidr } from './addresses.ts'
import { defineFormat, type Format, type Rule } from './format.ts'
import { heading } from './words.ts'

const usage = [
  'Use: nft -f THIS-FILE replaces the table as a whole. It accepts what is listed and drops nothing by itself: a packet that',
  'another chain drops stays dropped. On a router that is to let nothing else through, add to this table:',
  '  chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; jump listed; }',
]

/**
 * A file for `nft -f` (nft(8), "SETS", "CONCATENATIONS"): two sets of address, protocol and port, and a chain that accepts what is
 * in them.
 */
export const nftables: Format = defineFormat({
  id: 'nftables',
  title: 'sets of addresses for nftables',
  cannot: ['names and paths: it knows addresses only', 'who connects'],
  write(list) {
    const { addresses, omitted, known } = addressesOf(list)
    const comments = [...heading(list, nftables, omitted), ...known, ...usage].map((line) => `# ${line}`)
    const lines = [
      '',
      'add table inet sealift_allowlist',
      'delete table inet sealift_allowlist',
      'table inet sealift_allowlist {',
      ...set(
        'v4',
        'ipv4_addr',
        addresses.filter(({ address }) => isIP(address) === 4),
      ),
      ...set(
        'v6',
        'ipv6_addr',
        addresses.filter(({ address }) => isIP(address) === 6),
      ),
      '    chain listed {',
      '        ip daddr . meta l4proto . th dport @v4 accept',
      '        ip6 daddr . meta l4proto . th dport @v6 accept',
      '    }',
      '}',
    ]
    return { text: `${[...comments, ...lines].join('\n')}\n`, omitted }
  },
  read(text) {
    const bare = text.replace(/#.*$/gm, '')
    const sets = new Map<string, Rule[]>()
    for (const [, name = '', elements = ''] of bare.matchAll(
      /set (\w+) \{\s*type ipv[46]_addr \. inet_proto \. inet_service\s*(?:elements = \{([^}]*)\})?\s*\}/g,
    ))
      sets.set(
        name,
        elements
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean)
          .map(element),
      )
    const [, chain = ''] = /chain listed \{([^}]*)\}/.exec(bare) ?? []
    return [...chain.matchAll(/^\s*(ip6?) daddr \. meta l4proto \. th dport @(\w+) accept$/gm)].flatMap(
      ([, family, name = '']) =>
        (sets.get(name) ?? []).filter(
          ({ pattern }) => 'network' in pattern && pattern.network.includes(':') === (family === 'ip6'),
        ),
    )
  },
})

const set = (name: string, type: string, addresses: readonly Address[]): string[] => [
  `    set ${name} {`,
  `        type ${type} . inet_proto . inet_service`,
  ...(addresses.length === 0
    ? []
    : [
        '        elements = {',
        ...addresses.map(
          ({ address, protocol, port, of }, at) =>
            `            ${address} . ${protocol} . ${port}${at < addresses.length - 1 ? ',' : ''} # ${of}`,
        ),
        '        }',
      ]),
  '    }',
]

function element(text: string): Rule {
  const [address = '', protocol, port, ...rest] = text.split(' . ')
  if (isIP(address) === 0 || !/^(tcp|udp)$/.test(protocol ?? '') || rest.length > 0)
    throw new Error(`no element: ${text}`)
  return { pattern: { network: cidr(address) }, port: Number(port), ...(protocol === 'udp' ? { protocol } : {}) }
}
