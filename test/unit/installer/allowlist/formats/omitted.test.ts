import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { formats } from '../../../../../installer/src/allowlist/formats/formats.ts'
import { allowlist, endpoint } from '../../../../fixtures/allowlist.ts'

const kinds: Record<string, Partial<Endpoint>> = {
  exact: {},
  label: { match: 'label' },
  below: { match: 'below' },
  within: { match: 'within' },
  looked: { addresses: [{ address: '192.0.2.1', ttl: 60 }] },
  v4: { host: '192.0.2.2' },
  v6: { host: '2001:db8::2' },
  http: { scheme: 'http', port: 80 },
  high: { port: 65535 },
  ldaps: { scheme: 'ldaps', port: 636 },
  ssh: { scheme: 'ssh', port: 22 },
  'ssh-below': { scheme: 'ssh', port: 22, match: 'below' },
  udp: { scheme: 'udp', port: 123 },
  'udp-v4': { scheme: 'udp', port: 123, host: '192.0.2.3' },
}
const unresolved = ['exact', 'label', 'below', 'within', 'http', 'high', 'ldaps', 'ssh', 'ssh-below', 'udp']

/** What each format leaves out of these, and no more. */
const left: Record<string, string[]> = {
  table: [],
  markdown: [],
  json: [],
  csv: [],
  squid: ['udp', 'udp-v4'],
  nginx: ['v4', 'v6', 'http', 'ssh', 'ssh-below', 'udp', 'udp-v4'],
  nftables: unresolved,
  networkpolicy: unresolved,
  cilium: [],
  aws: ['ssh', 'ssh-below', 'udp'],
  azure: ['label', 'ssh-below'],
  'paloalto-domains': ['label', 'v4', 'v6', 'udp-v4'],
  'paloalto-urls': ['v6', 'ldaps', 'ssh', 'ssh-below', 'udp', 'udp-v4'],
  pac: ['ldaps', 'ssh', 'ssh-below', 'udp', 'udp-v4'],
}

test('each format leaves out what it cannot say, and no more; where it has comments, it says so', () => {
  const list = allowlist(Object.entries(kinds).map(([id, given]) => endpoint({ ...given, id })))
  assert.deepEqual(
    Object.fromEntries(formats.map(({ id, write }) => [id, write(list).omitted.map((one) => one.id)])),
    left,
  )
  for (const { id, write } of formats) {
    const { text, omitted } = write(list)
    if (!id.startsWith('paloalto'))
      for (const one of omitted) assert.ok(text.includes(`Left out: ${one.id}: ${one.why}`), id)
  }
})
