import { showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { defineFormat, type Format } from './format.ts'
import { needed, plain } from './words.ts'

/** Columns for a terminal. What the columns leave out is in the other formats. */
export const table: Format = defineFormat({
  id: 'table',
  title: 'the list on a terminal',
  cannot: ['paths, phases, and what is lost without an entry: see markdown, or sealift allowlist explain HOST'],
  write(list) {
    const rows = list.endpoints.map((endpoint) => [
      showHostPattern(endpoint),
      `${endpoint.scheme} ${endpoint.port}`,
      endpoint.from.join(','),
      needed(endpoint),
      plain(endpoint.why),
    ])
    const all = [['HOST', 'PORT', 'FROM', 'NEEDED', 'WHY'], ...rows]
    const widths = [0, 1, 2, 3].map((at) => all.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), 0))
    const lines = all.map((row) => row.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  '))
    return { text: `${lines.join('\n')}\n`, omitted: [] }
  },
})
