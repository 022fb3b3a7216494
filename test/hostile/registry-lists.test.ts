import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaTypes } from '../../bundle-spec/src/descriptor.ts'
import { digestOf, failureOf, fakeRegistry, storeFor } from '../unit/installer/registry/fake-registry.ts'

const subject = digestOf(Buffer.from('subject'))
const entry = (name: string, more: object = {}) => ({
  mediaType: mediaTypes.manifest,
  digest: digestOf(Buffer.from(name)),
  size: 100,
  ...more,
})
const list = (...manifests: object[]) => JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests })

/** A registry whose list of referrers has pages: `page` gives the text of each, and where it goes on. */
async function paged(t: Parameters<typeof fakeRegistry>[0], page: (number: number) => { text: string; next?: string }) {
  const fake = await fakeRegistry(t)
  let asked = 0
  fake.script = (request, response) => {
    if (!request.url?.includes('/referrers/')) return false
    const { text, next } = page(asked++)
    return response.writeHead(200, next === undefined ? {} : { link: `<${next}>; rel="next"` }).end(text)
  }
  const find = () => storeFor(t, [fake]).referrers(`${fake.host}/cde/a`, subject)
  return { fake, find, asked: () => asked }
}

for (const [what, pages, most, why] of [
  ['the same page again', () => ({ text: list(entry('a')), next: '?' }), 2, /a page that came before/],
  ['two pages in turn', (n: number) => ({ text: list(), next: `?p=${n % 2}` }), 3, /a page that came before/],
  [
    'empty pages without an end',
    (n: number) => ({ text: list(), next: `?p=${n}` }),
    100,
    /does not end after 100 pages/,
  ],
  [
    'many entries without an end',
    (n: number) => ({ text: list(...Array.from({ length: 1000 }, (_, i) => entry(`${n} ${i}`))), next: `?p=${n}` }),
    11,
    /does not end after 11 pages with 11000 entries/,
  ],
  [
    'large pages without an end',
    (n: number) => ({ text: list(entry(`${n}`, { annotations: { long: 'x'.repeat(4_000_000) } })), next: `?p=${n}` }),
    3,
    /longer than 8388608 bytes/,
  ],
  ['a page that is too large', () => ({ text: `${list()}${' '.repeat(5_000_000)}` }), 1, /longer than/],
  ['entries that are none', () => ({ text: list({ digest: 5 }) }), 1, /a descriptor with a bad mediaType/],
  ['nothing as an entry', () => ({ text: '{"manifests":[null]}' }), 1, /a descriptor with no fields/],
  [
    'a page for people behind the first',
    (n: number) => ({ text: n === 0 ? list() : '<html>', next: '?p' }),
    2,
    /page 2/,
  ],
  ['another host', () => ({ text: list(), next: 'http://other.example/' }), 1, /at another host/],
] as const)
  test(`a list of referrers with ${what} is refused, with the host`, async (t) => {
    const { fake, find, asked } = await paged(t, pages)
    const error = await failureOf(find())
    assert.equal(error.code, 'REGISTRY_PROTOCOL')
    assert.ok(error.message.includes(fake.host), error.message)
    assert.match(error.why ?? '', why)
    assert.ok(asked() <= most, `${asked()} pages`)
  })

test('of all pages the entries are kept once, without what nobody needs, and those by other digests left out', async (t) => {
  const annotated = entry('a', { artifactType: 'a/b', annotations: { long: 'x'.repeat(100_000) } })
  const { find } = await paged(t, (n) =>
    n === 0
      ? { text: list(annotated, { ...entry('b'), digest: `sha512:${'0'.repeat(128)}` }), next: '?last=a' }
      : { text: list(entry('a', { artifactType: 'a/b' }), entry('c')) },
  )
  assert.deepEqual(
    (await find()).map(({ descriptor }) => descriptor),
    [entry('a', { artifactType: 'a/b' }), entry('c')],
  )
})
