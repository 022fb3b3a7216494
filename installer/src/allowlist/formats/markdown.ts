import { type Allowlist, type Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import { readHostPattern, showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule } from './format.ts'
import { knownBy, needed, plain } from './words.ts'

const titles: Readonly<Record<From, string>> = {
  bastion: 'From the bastion (the machine that runs sealift)',
  nodes: 'From the nodes of the cluster',
  pods: 'From the pods of the platform',
  workspaces: 'From workspaces',
  browsers: "From people's browsers",
  desktops: "From people's own programs (ssh, editors)",
}

const columns: Readonly<Record<string, (endpoint: Endpoint) => string>> = {
  Host: (endpoint) => `\`${showHostPattern(endpoint)}\``,
  Port: ({ port, scheme }) => `${port} ${scheme}`,
  Path: ({ path = '' }) => escaped(path),
  Needed: needed,
  Why: ({ why }) => escaped(why),
  'Lost without it': ({ without }) => escaped(without),
  When: ({ phases }) => phases.join(', '),
  Since: ({ since }) => escaped(since),
  'How known': (endpoint) => escaped(knownBy(endpoint)),
  Id: ({ id }) => `\`${id}\``,
}

/** A change request: who connects where, and why (GitHub Flavored Markdown, "Tables"). */
export const markdown: Format = defineFormat({
  id: 'markdown',
  title: 'a change request for the people of the firewall',
  cannot: [],
  write: (list) => ({ text: `${document(list).join('\n')}\n`, omitted: [] }),
  read(text) {
    const rows = text.matchAll(/^\| `([^`|]+)` \| (\d+) ([a-z]+) \|.*$/gm)
    return [...rows].map(([line, host = '', port, scheme]): Rule => {
      const pattern = readHostPattern(host)
      const cells = line.match(/(?<!\\)(?:\\\\)*\|/g)?.length
      if (pattern === undefined || cells !== Object.keys(columns).length + 1) throw new Error(`no row: ${line}`)
      return { pattern, port: Number(port), ...(scheme === 'udp' ? { protocol: 'udp' } : {}) }
    })
  },
})

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function document({ release, version, endpoints, open = [], resolved }: Allowlist): string[] {
  const groups = From.enum.flatMap((from) => {
    const rows = endpoints.filter((endpoint) => endpoint.from.includes(from))
    if (rows.length === 0) return []
    const cells = rows.map((endpoint) => row(Object.values(columns).map((column) => column(endpoint))))
    const names = Object.keys(columns)
    return ['', `## ${titles[from]}`, '', row(names), row(names.map(() => '---')), ...cells]
  })
  const named = open.map(({ id, value, why }) => `- ${escaped(id)} (value ${escaped(value)}): ${escaped(why)}`)
  const addresses = endpoints.flatMap(({ host, addresses = [] }) =>
    addresses.map(({ address, ttl }) => row([`\`${host}\``, `\`${address}\``, `${Number(ttl)}`])),
  )
  const lookedUp = [
    '',
    '## Addresses',
    '',
    `As they were ${resolved === undefined ? 'looked up' : `at ${escaped(resolved)}`}. An answer holds for the seconds beside it; after that, ask again.`,
    '',
    row(['Host', 'Address', 'Seconds']),
    row(['---', '---', '---']),
    ...new Set(addresses),
  ]
  return [
    `# Please open: ${escaped(release.name)} ${escaped(release.version)}`,
    '',
    `Version ${escaped(version)} of its allowlist. \`*.x\` is one label below x, \`**.x\` any number of them, \`.x\` is x itself and all`,
    'below it; a name alone is that name. Nothing wider is needed.',
    ...groups,
    ...(addresses.length === 0 ? [] : lookedUp),
    ...(named.length === 0 ? [] : ['', '## To be named by the site', '', ...named]),
  ]
}

/** CommonMark, 2.4: any punctuation of ASCII after a backslash is itself. A `://` so written is no link (GFM, "Autolinks"). */
const escaped = (text: string): string =>
  plain(text)
    .replace(/[\\`*_{}[\]<>|&~#!$^]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replaceAll('www.', 'www\\.')
