import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import type { Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import fc from 'fast-check'
import type { Rule } from '../../../../../installer/src/allowlist/formats/format.ts'
import { formats } from '../../../../../installer/src/allowlist/formats/formats.ts'
import { admitted, allowlists, meant } from '../../../../fixtures/allowlist.ts'

/** Formats that have addresses only, and no ports. */
const addresses = new Set(['nftables', 'networkpolicy'])
const portless = new Set(['paloalto-domains', 'paloalto-urls'])

function expected(id: string, endpoints: readonly Endpoint[]): Rule[] {
  if (portless.has(id)) return meant(endpoints).map(({ pattern }) => ({ pattern }))
  return meant(
    addresses.has(id)
      ? // the addresses of a name with all below it are those of the name alone
        endpoints
          .filter(({ match }) => match === 'exact')
          .flatMap((endpoint) =>
            (isIP(endpoint.host) === 0
              ? (endpoint.addresses ?? []).map(({ address }) => address)
              : [endpoint.host]
            ).map((host) => ({ ...endpoint, host, match: 'exact' as const })),
          )
      : endpoints,
  )
}

for (const { id, write, read } of formats)
  if (read !== undefined)
    test(`${id}: its reader admits exactly what the list has, without what it says it leaves out`, () => {
      fc.assert(
        fc.property(allowlists, (list) => {
          const { text, omitted } = write(list)
          const left = new Set(omitted.map((one) => one.id))
          assert.equal(left.size, omitted.length)
          const said = list.endpoints.filter((endpoint) => !left.has(endpoint.id))
          assert.deepEqual(admitted(read(text)), admitted(expected(id, said)))
        }),
        { numRuns: 100 },
      )
    })

test('a table has a line for each entry', () => {
  const table = formats.find(({ id }) => id === 'table')
  fc.assert(
    fc.property(allowlists, (list) => {
      assert.equal(table?.write(list).text.split('\n').length, list.endpoints.length + 2)
    }),
  )
})
