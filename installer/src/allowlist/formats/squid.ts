import { isIP } from 'node:net'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort } from './ports.ts'
import { heading } from './words.ts'

/** Squid's `acl` directive: which type says a pattern, and how. `-n`: never look a name or an address up to compare it. */
function acl({ host, match }: HostPattern): { type: string; value: string } {
  if (isIP(host) !== 0) return { type: 'dst', value: host }
  if (match === 'exact') return { type: 'dstdomain', value: host }
  if (match === 'within') return { type: 'dstdomain', value: `.${host}` }
  const name = host.replaceAll('.', '\\.')
  return { type: 'dstdom_regex', value: match === 'label' ? `^[^.]+\\.${name}$` : `^.+\\.${name}$` }
}

const flags: Readonly<Record<string, string>> = { dst: '-n', dstdomain: '-n', dstdom_regex: '-n -i' }

const usage = [
  'Use, in squid.conf before its other lines with http_access (localnet: your own acl of those who may ask):',
  '  http_access deny !localnet',
  '  include /etc/squid/sealift-allowlist.conf',
  '  http_access deny all',
  'This is for clients that are told of the proxy: they name the host themselves (CONNECT). Where their TLS is intercepted on',
  'its way, Squid sees an address only, until it peeks: "ssl_bump peek step1", then "ssl_bump splice" for an acl of type',
  'ssl::server_name with the same values (ssl::server_name_regex for the regular expressions), then "ssl_bump terminate all".',
]

/**
 * Access rules of Squid (squid-cache.org, configuration directives `acl` and `http_access`). `.example.com` is the name and all
 * below it, `example.com` the name alone; one label, or all below without the name, only a regular expression says. A name
 * is tied to its port by standing in one `http_access` with it. One value a line: Squid reads lines up to a few KB.
 */
export const squid: Format = defineFormat({
  id: 'squid',
  title: 'access rules of Squid',
  cannot: ['paths of https: the proxy sees none', 'who connects: combine it with an acl of clients'],
  write(list) {
    const { said, omitted } = sift(list, ({ scheme }) => (scheme === 'udp' ? 'a proxy carries TCP only' : undefined))
    const lines = byPort(said).flatMap(({ port, patterns }) => {
      const acls = patterns.map(acl)
      const types = [...new Set(acls.map(({ type }) => type))]
      const name = (type: string) => `sealift_${port}_${type}`
      return [
        '',
        `acl sealift_${port} port ${port}`,
        ...acls.map(({ type, value }) => `acl ${name(type)} ${type} ${flags[type]} ${value}`),
        ...types.map((type) => `http_access allow sealift_${port} ${name(type)}`),
      ]
    })
    const comments = [...heading(list, squid, omitted), ...usage].map((line) => `# ${line}`)
    return { text: `${[...comments, ...lines].join('\n')}\n`, omitted }
  },
  read(text) {
    const acls = new Map<string, { type: string; values: string[] }>()
    const rules: Rule[] = []
    for (const line of text.split('\n')) {
      const [directive = '', ...words] = line.replace(/^\s*#.*/, '').split(/\s+/)
      if (directive === '') continue
      const [name = '', type = '', ...rest] = words
      if (directive === 'acl') {
        const values = rest.filter((word) => !word.startsWith('-'))
        if (type.startsWith('dst') && !rest.includes('-n')) throw new Error(`it looks names up: ${line}`)
        acls.set(name, { type, values: [...(acls.get(name)?.values ?? []), ...values] })
      } else if (directive === 'http_access' && name === 'allow') {
        const all = words.slice(1).map((word) => acls.get(word) ?? { type: 'unknown', values: [] })
        const [ports, hosts] = [all.filter((one) => one.type === 'port'), all.filter((one) => one.type !== 'port')]
        if (ports.length !== 1 || hosts.length !== 1) throw new Error(`not a port and hosts: ${line}`)
        for (const port of ports[0]?.values ?? [])
          for (const value of hosts[0]?.values ?? [])
            rules.push({ pattern: admitted(hosts[0]?.type ?? '', value), port: Number(port) })
      } else throw new Error(`no directive of an allowlist: ${line}`)
    }
    return rules
  },
})

function admitted(type: string, value: string): Rule['pattern'] {
  if (type === 'dst') return { network: `${value}/${value.includes(':') ? 128 : 32}` }
  if (type === 'dstdomain')
    return value.startsWith('.') ? { host: value.slice(1), match: 'within' } : { host: value, match: 'exact' }
  const [, start, name = ''] = /^\^(\[\^\.\]\+|\.\+)((?:\\\.[a-z0-9_-]+)+)\$$/.exec(value) ?? []
  if (type !== 'dstdom_regex' || start === undefined) throw new Error(`no hosts: ${type} ${value}`)
  return { host: name.replaceAll('\\.', '.').slice(1), match: start === '.+' ? 'below' : 'label' }
}
