import { csv } from './csv.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'
import { markdown } from './markdown.ts'
import { squid } from './squid.ts'
import { table } from './table.ts'

/** All formats of `sealift allowlist generate --format`, those for people first. docs/allowlist-formats.md has a row for each. */
export const formats: readonly Format[] = [table, markdown, json, csv, squid]
