import { isIP } from 'node:net'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { cidr } from './addresses.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort } from './ports.ts'
import { heading } from './words.ts'

/** where Suricata finds a connection's name, and whether it has put it into lower case itself */
const buffers = { tls: 'tls.sni', http: 'http.host' } as const
type Protocol = keyof typeof buffers | 'tcp' | 'udp'

function protocolOf({ scheme, host }: Endpoint): Protocol | undefined {
  if (isIP(host) !== 0) return scheme === 'udp' ? 'udp' : 'tcp'
  if (scheme === 'http') return 'http'
  return scheme === 'https' || scheme === 'ldaps' || scheme === 'smtps' ? 'tls' : undefined
}

/** Suricata, "Payload Keywords" and "Transformations": `dotprefix` puts a dot before the name, so that `.x` ends x itself, too. */
function options(protocol: 'tls' | 'http', { host, match }: HostPattern): string {
  // http.host is in lower case, and `nocase` is an error there
  const [nocase, i] = protocol === 'tls' ? [' nocase;', 'i'] : ['', '']
  const ends = `content:".${host}"; endswith;${nocase}`
  const said = {
    exact: `content:"${host}"; startswith; endswith;${nocase}`,
    label: `${ends} pcre:"/^[^.]+\\.${host.replaceAll('.', '\\.')}$/${i}";`,
    below: ends,
    within: `dotprefix; ${ends}`,
  }
  return `${buffers[protocol]}; ${said[match]} `
}

const usage = [
  'Use: aws network-firewall create-rule-group --cli-input-json file://THIS-FILE, in a firewall policy of strict order whose default',
  'action is aws:drop_established: these rules only let pass. HOME_NET has to hold the ranges of other VPCs, too.',
]

/** AWS Network Firewall quotas, of one rule group. Its capacity can't be raised later, so it gets room for more rules. */
const most = { capacity: 30_000, bytes: 2_000_000 }

/**
 * Input of `aws network-firewall create-rule-group` (API reference, CreateRuleGroup). A domain list would say no ports, no single
 * label, and no names below a name without itself; rules of Suricata say all of it (developer guide, "Stateful rule examples").
 */
export const aws: Format = defineFormat({
  id: 'aws',
  title: 'a rule group of AWS Network Firewall',
  cannot: ['paths', 'who connects', 'names of what is neither TLS nor http'],
  write(list) {
    const { said, omitted } = sift(list, (endpoint) =>
      protocolOf(endpoint) === undefined ? `no name can be seen in ${endpoint.scheme}` : undefined,
    )
    const groups = Map.groupBy(said, (endpoint) => protocolOf(endpoint) as Protocol)
    const rules = [...groups].flatMap(([protocol, endpoints]) =>
      byPort(endpoints).flatMap(({ port, patterns }) =>
        patterns.map((pattern) => {
          const named = protocol === 'tls' || protocol === 'http'
          const to = named ? '$EXTERNAL_NET' : pattern.host
          return `pass ${protocol} $HOME_NET any -> ${to} ${port} (${named ? options(protocol, pattern) : ''}flow:to_server;`
        }),
      ),
    )
    const comments = [...heading(list, aws, omitted), ...usage].map((line) => `# ${line}`)
    const text = [...comments, ...rules.map((rule, at) => `${rule} sid:${1_000_001 + at};)`)].join('\n')
    if (text.length > most.bytes)
      throw new SealiftError('USAGE_ALLOWLIST', 'the list is too long for one rule group of AWS', {
        why: `its rules have ${text.length} bytes, and a rule group takes ${most.bytes}`,
        fix: 'write one for each who connects: sealift allowlist generate --from nodes',
      })
    const group = {
      RuleGroupName: 'sealift-allowlist',
      Type: 'STATEFUL',
      Capacity: Math.min(most.capacity, Math.max(100, 2 * rules.length)),
      Description: heading(list, aws, [])[0],
      RuleGroup: {
        RulesSource: {
          RulesString: text,
        },
        StatefulRuleOptions: { RuleOrder: 'STRICT_ORDER' },
      },
    }
    return { text: `${JSON.stringify(group, undefined, 2)}\n`, omitted }
  },
  read(text) {
    const { RuleGroup } = JSON.parse(text) as { RuleGroup: { RulesSource: { RulesString: string } } }
    const lines = RuleGroup.RulesSource.RulesString.split('\n').filter((line) => !line.startsWith('#'))
    return lines.map((line): Rule => {
      const [, protocol = '', to = '', port, words = ''] =
        /^pass (tls|http|tcp|udp) \$HOME_NET any -> (\S+) (\d+) \((.*)\)$/.exec(line) ?? []
      const keywords = new Map(
        [...words.matchAll(/([a-z._]+)(?::("[^"]*"|[^;]*))?;/g)].map(([, key = '', value = '']) => [key, value]),
      )
      if (protocol === 'tls' || protocol === 'http')
        return { pattern: admitted(protocol, keywords), port: Number(port) }
      if (isIP(to) === 0 || keywords.has('content')) throw new Error(`no rule of an allowlist: ${line}`)
      return { pattern: { network: cidr(to) }, port: Number(port), ...(protocol === 'udp' ? { protocol } : {}) }
    })
  },
})

function admitted(protocol: 'tls' | 'http', keywords: ReadonlyMap<string, string>): HostPattern {
  const has = (...keys: string[]) => keys.every((key) => keywords.has(key))
  const content = keywords.get('content')?.slice(1, -1) ?? ''
  const bare = has(buffers[protocol], 'endswith') && keywords.has('nocase') === (protocol === 'tls')
  if (!bare || content === '') throw new Error(`no names: ${[...keywords]}`)
  if (has('startswith')) return { host: content, match: 'exact' }
  const host = /^\.(.+)$/.exec(content)?.[1]
  if (host === undefined) throw new Error(`it ends other names, too: ${content}`)
  if (!has('pcre')) return { host, match: has('dotprefix') ? 'within' : 'below' }
  const [, name = ''] = /^"\/\^\[\^\.\]\+((?:\\\.[a-z0-9_-]+)+)\$\/i?"$/.exec(keywords.get('pcre') ?? '') ?? []
  if (name.replaceAll('\\.', '.') !== content || has('dotprefix')) throw new Error(`no label: ${keywords.get('pcre')}`)
  return { host, match: 'label' }
}
