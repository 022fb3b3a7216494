import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showAddress } from '@sealift/bundle-spec/endpoint-address.ts'
import { type HostPattern, matchesHost } from '@sealift/bundle-spec/host-pattern.ts'
import fc from 'fast-check'
import { diffAllowlists, following, nextVersion } from '../../../../installer/src/allowlist/diff.ts'
import { openings } from '../../../../installer/src/allowlist/openings.ts'
import { endpoint, listOf } from './facts.ts'

const shown = (list: { endpoint: ReturnType<typeof endpoint>; from: string[] }[]) =>
  list.map(({ endpoint, from }) => `${showAddress(endpoint)} ${from.join(',')}`)

test('what comes is opened, what goes is closed, and what another entry needs stays open', () => {
  const before = listOf([
    endpoint({ id: 'a', host: 'a.example' }),
    endpoint({ id: 'b', host: 'b.example', from: ['pods', 'nodes'] }),
    endpoint({ id: 'c', host: 'c.example' }),
    endpoint({ id: 'cdn', host: 'cdn.example', match: 'below', documented: 'https://docs.example' }),
  ])
  const after = listOf([
    endpoint({ id: 'a', host: 'a.example', port: 8443 }),
    endpoint({ id: 'b', host: 'b.example', from: ['pods', 'workspaces'] }),
    endpoint({ id: 'c2', host: 'c.example' }),
    endpoint({ id: 'cdn', host: 'cdn.example', match: 'below', documented: 'https://docs.example' }),
    endpoint({ id: 'd', host: 'eu.cdn.example' }),
  ])
  const { open, close, added, removed, changed } = diffAllowlists(before, after)
  assert.deepEqual(shown(open), ['https://a.example:8443 pods', 'https://b.example:443 workspaces'])
  assert.deepEqual(shown(close), ['https://a.example:443 pods', 'https://b.example:443 nodes'])
  assert.deepEqual([added.map(({ id }) => id), removed.map(({ id }) => id)], [['c2', 'd'], ['c']])
  assert.deepEqual(
    changed.map(({ after, what }) => [after.id, what]),
    [
      ['a', ['port']],
      ['b', ['from']],
    ],
  )
})

const name = fc
  .array(fc.constantFrom('a', 'b'), { maxLength: 3 })
  .map((labels) => [...labels, 'x', 'example'].join('.'))
const pattern: fc.Arbitrary<HostPattern> = fc.record({
  host: name,
  match: fc.constantFrom('exact', 'label', 'below', 'within'),
})

test('an endpoint is open where all that it means is open', () => {
  const starts = ['']
  for (const start of starts) if (start.length < 10) starts.push(...['a.', 'b.', 'c.'].map((label) => label + start))
  const hosts = starts.map((start) => `${start}x.example`)
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), pattern, (list, one) => {
      const isOpen = openings(list.map((each, i) => endpoint({ id: `e${i}`, ...each })))(
        endpoint({ id: 'one', ...one }),
        'pods',
      )
      const meant = hosts.filter((host) => matchesHost(one, host))
      // a single entry has to open it: what several open together is asked for once more, and no harm is done
      if (isOpen) assert.ok(meant.every((host) => list.some((each) => matchesHost(each, host))))
      if (list.length === 1 && meant.every((host) => matchesHost(list[0] as HostPattern, host))) assert.ok(isOpen)
    }),
    { numRuns: 3000 },
  )
})

test('versions go on by the day, and within a day by one', () => {
  assert.equal(nextVersion('2026113000', '2026-12-01'), '2026120100')
  assert.equal(nextVersion('2026113000', '2026-11-30'), '2026113001')
  assert.equal(nextVersion('2026113009', '2026-11-30'), '2026113010')
  assert.equal(nextVersion('2026123199', '2026-12-31'), '2027010100')
  assert.equal(nextVersion('2026113005', '2026-01-01'), '2026113006', 'a clock that is behind')
})

test('a list that follows another says what changed, keeps what was said, and stays the same where nothing did', () => {
  const first = listOf([endpoint({ id: 'a', since: '0.1.0' }), endpoint({ id: 'b' })])
  const same = following(listOf([endpoint({ id: 'a', since: '9.9.9' }), endpoint({ id: 'b' })]), first, '2026-12-24')
  assert.deepEqual([same.version, same.changes, same.endpoints[0]?.since], ['2026113000', [], '0.1.0'])
  const next = following(
    listOf([endpoint({ id: 'a', port: 8443 }), endpoint({ id: 'c', host: 'c.example' })]),
    first,
    '2026-12-24',
  )
  assert.equal(next.version, '2026122400')
  assert.deepEqual(
    next.changes.map(({ version, change, id, host, was }) => [version, change, id, host, was]),
    [
      ['2026122400', 'added', 'c', 'https://c.example:443', undefined],
      ['2026122400', 'removed', 'b', 'https://example.com:443', undefined],
      ['2026122400', 'changed', 'a', 'https://example.com:8443', 'https://example.com:443'],
    ],
  )
  assert.equal(following(listOf([]), next, '2026-12-25').changes.length, 5)
})
