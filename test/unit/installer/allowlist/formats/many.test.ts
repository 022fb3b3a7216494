import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { formats } from '../../../../../installer/src/allowlist/formats/formats.ts'
import { allowlist, endpoint } from '../../../../fixtures/allowlist.ts'

const matches = ['exact', 'label', 'below', 'within'] as const

/** Entries of all kinds, few of them within each other, so that each makes lines of its own. */
const entries = (count: number): Endpoint[] =>
  Array.from({ length: count }, (_, at) =>
    endpoint({
      id: `entry-${at}`,
      host: `h${at}.d${at % 97}.example.com`,
      match: matches[at % 4] ?? 'exact',
      port: at % 3 === 0 ? 8443 : 443,
      addresses: [{ address: `10.${at >> 8}.${at & 255}.1`, ttl: 300 }],
    }),
  )

for (const { id, write, read } of formats) {
  test(`${id}: twice as many entries are looked at twice as often`, () => {
    const looks = (count: number): number => {
      let reads = 0
      const counted = entries(count).map(
        (one) =>
          new Proxy(one, {
            get: (target, key) => {
              reads++
              return Reflect.get(target, key)
            },
          }),
      )
      write(allowlist(counted))
      return reads
    }
    assert.ok(looks(1000) <= 2.1 * looks(500), `${looks(1000)} looks at 1,000 entries, ${looks(500)} at 500`)
  })

  test(`${id}: 10,000 entries are written and read`, () => {
    const { text, omitted } = write(allowlist(entries(10_000)))
    if (read !== undefined) assert.ok(read(text).length >= 10_000 - omitted.length)
  })
}
