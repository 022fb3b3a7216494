import { isIP } from 'node:net'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import type { HostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort } from './ports.ts'
import { heading } from './words.ts'

/** what begins with a TLS handshake, which names the host before anything is encrypted */
const tls: ReadonlySet<Endpoint['scheme']> = new Set(['https', 'ldaps', 'smtps'])

/**
 * A source value of `map` with `hostnames`: `*.x` is all below x, `.x` the same and x itself; one label only a regular expression
 * says. A backslash before a name without a dot keeps it from being a word of `map` (default, include); nginx itself reads two
 * of them as one.
 */
function source({ host, match }: HostPattern): string {
  if (match === 'below') return `*.${host}`
  if (match === 'within') return `.${host}`
  if (match === 'label') return `"~*^[a-z0-9_-]+\\.${host.replaceAll('.', '\\.')}\\z"`
  return host.includes('.') ? host : `\\\\${host}`
}

const usage = [
  'Use, in nginx.conf, with the site\'s own name server; one "server" for each port that has a map below:',
  '  stream {',
  '    include /etc/nginx/sealift-allowlist.conf;',
  '    resolver 192.0.2.53;',
  '    map $sealift_443 $sealift_443_to { 1 $ssl_preread_server_name:443; }',
  '    server { listen 443; ssl_preread on; proxy_pass $sealift_443_to; }',
  '  }',
  'A name that is not listed leads nowhere: nginx ends the connection, and notes "no host in upstream".',
]

/**
 * Maps for nginx's `stream` (nginx.org, ngx_stream_map_module and ngx_stream_ssl_preread_module): one for each port, from the
 * name in the TLS handshake to 1 or 0. The sizes are for names of 253 characters and 10,000 of them.
 */
export const nginx: Format = defineFormat({
  id: 'nginx',
  title: 'maps for nginx, stream with ssl_preread',
  cannot: ['paths: TLS is not opened', 'who connects', 'anything but TLS, and addresses: no handshake names them'],
  write(list) {
    const { said, omitted } = sift(list, ({ scheme, host }) => {
      if (!tls.has(scheme)) return `${scheme} does not begin with TLS, so that no name can be seen`
      return isIP(host) === 0 ? undefined : 'TLS names no addresses (RFC 6066, 3)'
    })
    const maps = byPort(said).flatMap(({ port, patterns }) => [
      '',
      `map $ssl_preread_server_name $sealift_${port} {`,
      '    hostnames;',
      '    default 0;',
      ...patterns.map((pattern) => `    ${source(pattern)} 1;`),
      '}',
    ])
    const comments = [...heading(list, nginx, omitted), ...usage].map((line) => `# ${line}`)
    const sizes = ['', 'map_hash_bucket_size 512;', 'map_hash_max_size 65536;']
    return { text: `${[...comments, ...sizes, ...maps].join('\n')}\n`, omitted }
  },
  read(text) {
    const bare = text.replace(/^\s*#.*$/gm, '').replace(/^map_hash_\w+ \d+;$/gm, '')
    const map =
      /\s*map \$ssl_preread_server_name \$sealift_(\d+) \{\s*hostnames;\s*default 0;((?:[^{}"]|"[^"]*")*)\}\s*/y
    const rules: Rule[] = []
    while (map.lastIndex < bare.trimEnd().length) {
      const [, port, body] = map.exec(bare) ?? []
      if (body === undefined) throw new Error('more than maps')
      for (const line of body.trim().split(/;\s*/).filter(Boolean)) {
        const [, word = '', value] = /^(\S+) ([01])$/.exec(line) ?? []
        if (value === undefined) throw new Error(`no value of a map: ${line}`)
        if (value === '1') rules.push({ pattern: matched(word), port: Number(port) })
      }
    }
    return rules
  },
})

function matched(word: string): HostPattern {
  const [, name = ''] = /^"~\*\^\[a-z0-9_-\]\+((?:\\\.[a-z0-9_-]+)+)\\z"$/.exec(word) ?? []
  if (name !== '') return { host: name.replaceAll('\\.', '.').slice(1), match: 'label' }
  if (word.startsWith('*.')) return { host: word.slice(2), match: 'below' }
  if (word.startsWith('.')) return { host: word.slice(1), match: 'within' }
  if (word.startsWith('\\\\')) return { host: word.slice(2), match: 'exact' }
  if (/^(default|include|hostnames|volatile)$|[^a-z0-9._-]/.test(word)) throw new Error(`no name: ${word}`)
  return { host: word, match: 'exact' }
}
