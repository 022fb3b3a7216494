import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonicalHost,
  type HostPattern,
  matchesHost,
  normalPatterns,
  readHostPattern,
  showHostPattern,
} from '@sealift/bundle-spec/host-pattern.ts'
import fc from 'fast-check'

test('a host has one way to be written', () => {
  const ways: Record<string, string> = {
    'Login.Example.COM': 'login.example.com',
    'example.com.': 'example.com',
    'bücher.example': 'xn--bcher-kva.example',
    'BÜCHER.example': 'xn--bcher-kva.example',
    'xn--bcher-kva.example': 'xn--bcher-kva.example',
    '例え。テスト': 'xn--r8jz45g.xn--zckzah',
    'a_bucket.s3.example': 'a_bucket.s3.example',
    '192.0.2.1': '192.0.2.1',
    '2001:DB8:0::1': '2001:db8::1',
    '[2001:db8::1]': '2001:db8::1',
    registry: 'registry',
  }
  for (const [text, host] of Object.entries(ways)) assert.equal(canonicalHost(text), host, text)
})

test('what is no host, or a host for some programs alone, is none', () => {
  const label = 'a'.repeat(64)
  const none = [
    ...['', '.', '..', 'a..b', '.example.com', '-a.example', 'a-.example', `${label}.example`, 'a.'.repeat(128)],
    ...[
      '127.1',
      '0x7f.1',
      '2130706433',
      '017700000001',
      '1.2.3.4.5',
      '1.2.3.256',
      '[::1',
      '::1]',
      'fe80::1%eth0',
      '[a]',
    ],
    ...[
      'exa mple.com',
      'example.com\n',
      'example.com\r\nallow all',
      'a\0b',
      'exam\tple.com',
      'example.com#x',
      'a"b',
      "a'b",
    ],
    ...[
      'user@example.com',
      'example.com:443',
      'http://example.com',
      'example.com/x',
      'a\\b',
      'ex%61mple.com',
      '*',
      '*.a.b',
    ],
    ...['a,b', 'a;b', 'a$b', 'a|b', '\u202Eexample.com', 'exam\u00ADple..com', 'a\u2028b'],
  ]
  for (const text of none) assert.equal(canonicalHost(text), undefined, JSON.stringify(text))
})

test('what Node takes for a host after any text is a name of letters, digits, dots, dashes and underscores, or an address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.webAuthority()), (text) => {
      const host = canonicalHost(text)
      if (host === undefined) return
      assert.match(host, /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]+(:\d+\.\d+\.\d+\.\d+)?)$/)
      assert.equal(canonicalHost(host), host)
    }),
    { numRuns: 2000 },
  )
})

test('a pattern is read as it is shown, and a wildcard is below two labels at least', () => {
  for (const text of ['example.com', '*.example.com', '**.example.com', '.example.com', '192.0.2.1', '2001:db8::1']) {
    const pattern = readHostPattern(text)
    assert.ok(pattern, text)
    assert.equal(showHostPattern(pattern), text)
  }
  for (const text of [
    '*',
    '*.com',
    '.com',
    '**.',
    '*.*.example.com',
    'a*.example.com',
    '***.a.b',
    '..a.b',
    '*.192.0.2.1',
    '',
  ])
    assert.equal(readHostPattern(text), undefined, text)
})

test('each of the four means its own hosts', () => {
  const hosts = ['example.com', 'a.example.com', 'a.b.example.com', 'aexample.com', 'com', 'example.com.evil.org']
  const admitted = (text: string) => hosts.filter((host) => matchesHost(readHostPattern(text) as HostPattern, host))
  assert.deepEqual(admitted('example.com'), ['example.com'])
  assert.deepEqual(admitted('*.example.com'), ['a.example.com'])
  assert.deepEqual(admitted('**.example.com'), ['a.example.com', 'a.b.example.com'])
  assert.deepEqual(admitted('.example.com'), ['example.com', 'a.example.com', 'a.b.example.com'])
})

/** names that are within each other often */
const name = fc
  .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 })
  .map((labels) => [...labels, 'x', 'example'].join('.'))
const patterns = fc.array(
  fc.record({ host: name, match: fc.constantFrom('exact', 'label', 'below', 'within') }) as fc.Arbitrary<HostPattern>,
  { maxLength: 12 },
)

test('the normal form means the same hosts, has nothing twice, and is the same for whatever means the same', () => {
  const hosts = [
    '',
    'a.',
    'b.',
    'ab.',
    'a.a.',
    'b.a.',
    'a.b.',
    'c.',
    'c.a.',
    'a.a.a.',
    'b.a.a.',
    'c.a.a.',
    'a.a.a.a.',
    'c.c.c.a.b.a.',
  ].map((start) => `${start}x.example`)
  const meant = (list: readonly HostPattern[]) => hosts.filter((host) => list.some((one) => matchesHost(one, host)))
  fc.assert(
    fc.property(patterns, patterns, (one, other) => {
      const normal = normalPatterns(one)
      assert.deepEqual(meant(normal), meant(one))
      for (const left of normal)
        assert.notDeepEqual(normalPatterns(normal.filter((pattern) => pattern !== left)), normal)
      assert.deepEqual(normalPatterns([...normal, ...one.toReversed()]), normal)
      // whatever adds nothing changes nothing
      const adds = other.filter((pattern) => normalPatterns([...one, pattern]).length !== normal.length)
      if (adds.length === 0 && meant([...one, ...other]).length !== meant(one).length)
        assert.notDeepEqual(normalPatterns([...one, ...other]), normal)
    }),
    { numRuns: 2000 },
  )
})

test('a list of 10,000 names has a normal form too', () => {
  const many = Array.from(
    { length: 10_000 },
    (_, i): HostPattern => ({ host: `h${i}.${i % 7}.example.com`, match: 'exact' }),
  )
  assert.equal(normalPatterns(many).length, 10_000)
  assert.deepEqual(normalPatterns([...many, { host: 'example.com', match: 'below' }]), [
    { host: 'example.com', match: 'below' },
  ])
})
