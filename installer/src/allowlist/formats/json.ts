import { readAllowlist } from '../read.ts'
import { defineFormat, type Format } from './format.ts'

/** The document `Allowlist` of bundle-spec, whole; in ASCII (RFC 8259, 7), so that a terminal or an editor shows what is there. */
export const json: Format = defineFormat({
  id: 'json',
  title: 'the whole list as a document for programs',
  cannot: [],
  write: (list) => ({ text: `${JSON.stringify(list, undefined, 2).replace(/[^\n -~]/g, escaped)}\n`, omitted: [] }),
  read: (text) =>
    readAllowlist(new TextEncoder().encode(text), 'the text').endpoints.map(({ scheme, host, match, port }) => ({
      pattern: { host, match },
      port,
      ...(scheme === 'udp' ? { protocol: 'udp' as const } : {}),
    })),
})

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
