import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostEndpoints } from '@sealift/bundle-spec/allowlist.ts'
import { readAllowlist } from '../../installer/src/allowlist/read.ts'
import { allowlist, endpoint } from '../fixtures/allowlist.ts'

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const good = allowlist([endpoint(), endpoint({ host: 'a.example', match: 'within' })])

test('a list is read as it was written', () => {
  assert.deepEqual(readAllowlist(bytes(good), 'list.json'), good)
})

/** Documents that are none, and what the error says of them. */
const none: Record<string, [document: unknown, why: RegExp]> = {
  nothing: ['', /does not parse/],
  'a key twice': [JSON.stringify(good).replace('"changes"', '"version":"2026010101","changes"'), /twice/],
  'a prototype': ['{"__proto__":{}}', /__proto__/],
  'another kind': [{ ...good, kind: 'Release' }, /kind/],
  'a version that is no day': [{ ...good, version: '2026133201' }, /version/],
  'a field of its own': [{ ...good, also: 1 }, /^also is not known/],
  'an entry without a reason': [{ ...good, endpoints: [{ ...endpoint(), why: '' }] }, /endpoints\.0\.why/],
  'a reason of two lines': [{ ...good, endpoints: [endpoint({ why: 'a reason,\nand a rule' })] }, /endpoints\.0\.why/],
  'a scheme of its own': [{ ...good, endpoints: [{ ...endpoint(), scheme: 'file' }] }, /endpoints\.0\.scheme/],
  'a path with a line end': [{ ...good, endpoints: [endpoint({ path: '/a\nb' })] }, /endpoints\.0\.path/],
  'a host that is not canonical': [allowlist([endpoint({ host: 'Example.com' })]), /example\.com/],
  'a wildcard too wide': [allowlist([endpoint({ host: 'com', match: 'within' })]), /no set of hosts/],
  'too many entries': [allowlist(Array.from({ length: mostEndpoints + 1 }, () => endpoint())), /10000/],
}

for (const [what, [document, why]] of Object.entries(none))
  test(`an allowlist with ${what} is refused, with the field`, () => {
    assert.throws(() => readAllowlist(bytes(document), 'list.json'), {
      code: 'USAGE_ALLOWLIST',
      why,
      message: /list\.json|entry/,
    })
  })
