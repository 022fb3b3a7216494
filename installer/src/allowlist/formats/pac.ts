import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { canonicalHost, type HostPattern, showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule, sift } from './format.ts'
import { byPort } from './ports.ts'
import { heading } from './words.ts'

/**
 * What follows the list: JavaScript as every browser has it (ECMAScript 5). Names are looked up in a table, from the longest
 * to the shortest; a port stands before each, so that no name is one of an object's own properties.
 */
const program = `
var table = {};
for (var i = 0; i < entries.length; i++) table[entries[i]] = true;

function isListed(port, host) {
  if (/^\\.|\\.\\./.test(host)) return false;
  if (table[port + " " + host] || table[port + " ." + host]) return true;
  var parent = host.slice(host.indexOf(".") + 1);
  if (parent !== host && table[port + " *." + parent]) return true;
  for (var dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    var name = host.slice(dot + 1);
    if (table[port + " ." + name] || table[port + " **." + name]) return true;
  }
  return false;
}

function FindProxyForURL(url, host) {
  var parts = /^(https?|wss?):\\/\\/(?:[^\\/?#]*@)?(?:\\[[^\\]]*\\]|[^\\/?#:]*)(?::(\\d*))?(?:[\\/?#]|$)/i.exec(url);
  if (!parts) return others;
  var port = parts[2] || (/^(https|wss)$/i.test(parts[1]) ? "443" : "80");
  return isListed(Number(port), host.toLowerCase().replace(/^\\[|\\]$|\\.$/g, "")) ? listed : others;
}
`

/** nothing listens there, so that a browser is refused at once */
const refused = 'PROXY 127.0.0.1:9'

/**
 * A proxy auto-config file (MDN, "Proxy Auto-Configuration (PAC) file"). With a proxy, listed names go through it and all others
 * their own way, as names of the site itself have to. Without one, listed names go their own way and all others are refused.
 */
export const pac: Format = defineFormat({
  id: 'pac',
  title: 'a proxy auto-config file for browsers',
  cannot: [
    'paths: browsers hide those of https from it',
    'anything but http and https',
    'whether a program asks it: it is a signpost, not a firewall',
  ],
  write(list, { proxy } = {}) {
    const { said, omitted } = sift(list, ({ scheme }) =>
      scheme === 'https' || scheme === 'http' ? undefined : 'browsers ask it for http and https only',
    )
    const entries = byPort(said).flatMap(({ port, patterns }) =>
      patterns.map((one) => `${port} ${showHostPattern(one)}`),
    )
    const [listed, others] = proxy === undefined ? ['DIRECT', refused] : [`PROXY ${proxyAddress(proxy)}`, 'DIRECT']
    const comments = heading(list, pac, omitted).map((line) => `// ${line}\n`)
    const values = `var listed = ${JSON.stringify(listed)};\nvar others = ${JSON.stringify(others)};\n`
    return {
      text: `${comments.join('')}${values}var entries = ${JSON.stringify(entries, undefined, 1)};\n${program}`,
      omitted,
    }
  },
  read(text) {
    if (!text.endsWith(program)) throw new Error('another program')
    const data = text.slice(0, -program.length).replace(/^\/\/.*\n/gm, '')
    const [, entries] = /^var listed = ".*";\nvar others = ".*";\nvar entries = (\[[^\]]*\]);\n$/.exec(data) ?? []
    if (entries === undefined) throw new Error('more than data')
    return (JSON.parse(entries) as string[]).map((entry): Rule => {
      const [, port, mark, host = ''] = /^(\d+) (\*\*\.|\*\.|\.)?([a-z0-9_:-][a-z0-9_:.-]*)$/.exec(entry) ?? []
      if (host === '') throw new Error(`no entry: ${entry}`)
      return { pattern: { host, match: matches[mark ?? ''] ?? 'exact' }, port: Number(port) }
    })
  },
})

const matches: Readonly<Record<string, HostPattern['match']>> = { '*.': 'label', '**.': 'below', '.': 'within' }

/** HOST:PORT, with an IPv6 address in brackets. */
function proxyAddress(text: string): string {
  const [, name = '', port = ''] = /^(.*):(\d{1,5})$/s.exec(text) ?? []
  const host = canonicalHost(name)
  if (host === undefined || Number(port) < 1 || Number(port) > 65535)
    throw new SealiftError('USAGE_ARGUMENTS', 'the proxy is not HOST:PORT', { fix: 'as in proxy.site.example:3128' })
  return `${host.includes(':') ? `[${host}]` : host}:${Number(port)}`
}
