import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Allowlist, Endpoint } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import fc from 'fast-check'
import { formats } from '../../installer/src/allowlist/formats/formats.ts'
import { admitted, allowlist, allowlists, endpoint } from '../fixtures/allowlist.ts'

/** What ends a string, a comment, a line or a cell somewhere, and starts what an attacker wants. */
const breakers = [
  '\n',
  '\r\n',
  '\u2028',
  '\u0085',
  '\0',
  '\x1b[2J',
  '\u202e',
  '\u2066',
  '"',
  "'",
  '`',
  '*/',
  '//',
  '#',
  '-->',
  '</script>',
  '|',
  '\\',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the attack
  '${x}',
  '{{x}}',
  ';',
  '}',
  ',',
  '=cmd()',
  '\nhttp_access allow all\n',
  '\nacl sealift_443 port 22\n',
  '"; alert(1); "',
  '\n| `evil.example` | 443 https | x |\n',
  '\n- evil.example\n',
  'pass tcp any any -> any any (sid:1;)',
]
const text = fc
  .array(fc.oneof(fc.constantFrom(...breakers), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(''))

/** All texts of an entry but those that a firewall is to act on. */
const texts = fc.record({
  why: text,
  without: text,
  since: text,
  path: text,
  documented: text,
  network: text,
  because: fc.record({ kind: fc.constant('image' as const), name: text }),
  known: fc.record({ how: fc.constant('observed' as const), on: text, after: text }),
}) satisfies fc.Arbitrary<Partial<Endpoint>>

const shape = (list: Allowlist, given: readonly Partial<Endpoint>[]): Allowlist => ({
  ...list,
  endpoints: list.endpoints.map((one, at) => ({ ...one, ...given[at % given.length] })),
})

for (const { id, write, read } of formats)
  if (read !== undefined && id !== 'json')
    test(`${id}: no text of an entry changes what is admitted`, () => {
      fc.assert(
        fc.property(allowlists, fc.array(texts, { minLength: 1, maxLength: 5 }), text, (list, given, version) => {
          const hostile = write({
            ...shape(list, given),
            release: { name: version, version },
            version,
            resolved: version,
            open: [{ id: version, value: version, why: version }],
          })
          assert.deepEqual(admitted(read(hostile.text)), admitted(read(write(list).text)))
          // nor does any format bring what a terminal or an editor acts on to the screen
          assert.doesNotMatch(hostile.text, /[^\n\r -~]/)
        }),
      )
    })

test('json: no text of an entry changes what is admitted, and it is ASCII', () => {
  const json = formats.find(({ id }) => id === 'json')
  fc.assert(
    fc.property(allowlists, text, (list, name) => {
      const written = json?.write(shape(list, [{ because: { kind: 'image', name }, network: name }])).text ?? ''
      assert.doesNotMatch(written, /[^\n -~]/)
      assert.deepEqual(admitted(json?.read?.(written) ?? []), admitted(json?.read?.(json.write(list).text) ?? []))
    }),
  )
})

test('table: no text of an entry makes a line of its own', () => {
  const table = formats.find(({ id }) => id === 'table')
  fc.assert(
    fc.property(allowlists, fc.array(texts, { minLength: 1 }), (list, given) => {
      const written = table?.write(shape(list, given)).text ?? ''
      assert.doesNotMatch(written, /[^\n -~]/)
      assert.equal(written.split('\n').length, list.endpoints.length + 2)
    }),
  )
})

/** Entries whose host, port, match, id or addresses are not in their one way. */
const refused: Record<string, Partial<Endpoint>> = {
  'a line end': { host: 'example.com\nhttp_access allow all' },
  'a space': { host: 'example.com all' },
  'a quote': { host: 'example.com"' },
  'a wildcard in the host': { host: '*.example.com' },
  'all hosts': { host: '*' },
  'no host': { host: '' },
  'upper case': { host: 'Example.com' },
  'the dot of the root': { host: 'example.com.' },
  'letters of another script': { host: 'bücher.example' },
  'letters that only look like ASCII': { host: 'еxample.com' },
  'an address that some take for a name': { host: '0x7f.1' },
  'an address in brackets': { host: '[2001:db8::1]' },
  'an address with a zone': { host: 'fe80::1%eth0' },
  'a port in the host': { host: 'example.com:22' },
  'a URL': { host: 'file:///etc/passwd' },
  'a top-level domain with all below': { host: 'com', match: 'below' },
  'all below an address': { host: '192.0.2.1', match: 'within' },
  'another match': { match: 'regex' as Endpoint['match'] },
  'a port of text': { port: '443; accept' as unknown as number },
  'port 0': { port: 0 },
  'a port that is no whole number': { port: 443.5 },
  'an id with a line end': { id: 'a\nb' },
  'an address of text': { addresses: [{ address: '192.0.2.1 accept', ttl: 60 }] },
  'an address with a prefix': { addresses: [{ address: '0.0.0.0/0', ttl: 60 }] },
}

for (const [what, given] of Object.entries(refused))
  test(`each format refuses a list with ${what}`, () => {
    for (const { id, write } of formats)
      assert.throws(
        () => write(allowlist([endpoint(), endpoint({ id: 'second', ...given })])),
        (error: unknown) =>
          error instanceof SealiftError &&
          error.code === 'USAGE_ALLOWLIST' &&
          !/[^ -~]/.test(`${error.message}${error.why?.replace(/[^\x00-\x7f]/g, '')}`),
        id,
      )
  })
