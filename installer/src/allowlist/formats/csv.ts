import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { readHostPattern, showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format, type Rule } from './format.ts'
import { knownBy, needed, plain } from './words.ts'

const columns: Readonly<Record<string, (endpoint: Endpoint) => string>> = {
  id: ({ id }) => id,
  host: showHostPattern,
  port: ({ port }) => String(port),
  scheme: ({ scheme }) => scheme,
  path: ({ path = '' }) => path,
  at: ({ at }) => at,
  from: ({ from }) => from.join(' '),
  phases: ({ phases }) => phases.join(' '),
  modes: ({ modes }) => modes.join(' '),
  needed,
  why: ({ why }) => why,
  without: ({ without }) => without,
  since: ({ since }) => since,
  known: knownBy,
  because: ({ because: { kind, name } }) => `${kind} ${name}`,
  documented: ({ documented = '' }) => documented,
  addresses: ({ addresses = [] }) => addresses.map(({ address }) => address).join(' '),
}

/**
 * RFC 4180: lines end with CRLF, every cell in quotes, quotes doubled. A cell that a spreadsheet would take for a formula has an
 * apostrophe before it (OWASP, "CSV Injection": = + - @, tab and carriage return at the beginning).
 */
export const csv: Format = defineFormat({
  id: 'csv',
  title: 'one line an entry, for spreadsheets',
  cannot: [],
  write(list) {
    const cells = list.endpoints.map((endpoint) => Object.values(columns).map((column) => cell(column(endpoint))))
    return {
      text: [Object.keys(columns).map(cell), ...cells].map((row) => `${row.join(',')}\r\n`).join(''),
      omitted: [],
    }
  },
  read(text) {
    const [header = [], ...rows] = records(text)
    const [host, port, scheme] = ['host', 'port', 'scheme'].map((name) => header.indexOf(name)) as [
      number,
      number,
      number,
    ]
    return rows.map((row): Rule => {
      const pattern = readHostPattern(row[host] ?? '')
      if (pattern === undefined || row.length !== header.length) throw new Error(`no line of an allowlist: ${row}`)
      return { pattern, port: Number(row[port]), ...(row[scheme] === 'udp' ? { protocol: 'udp' } : {}) }
    })
  },
})

const cell = (text: string): string => {
  const shown = plain(text)
  return `"${(/^[=+@\-\t\r]/.test(shown) ? `'${shown}` : shown).replaceAll('"', '""')}"`
}

/** Records of RFC 4180, of which each cell is quoted. */
function records(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const cells = /"((?:[^"]|"")*)"(,|\r\n)/y
  while (cells.lastIndex < text.length) {
    const [, value = '', end] = cells.exec(text) ?? []
    if (end === undefined) throw new Error('not CSV as RFC 4180 has it')
    row.push(value.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
