import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Descriptor, mediaTypes } from '../../../../bundle-spec/src/descriptor.ts'
import type { ReleaseExtension } from '../../../../bundle-spec/src/extension.ts'
import { readGraph } from '../../../../bundle-spec/src/graph.ts'
import type { Release } from '../../../../bundle-spec/src/release.ts'
import { makeArtifact } from '../../../../installer/src/build/artifact.ts'
import { assetsOf } from '../../../../installer/src/serve/gallery/assets.ts'
import { type Gallery, galleryOf, uuidOf } from '../../../../installer/src/serve/gallery/gallery.ts'
import { search } from '../../../../installer/src/serve/gallery/query.ts'
import { memoryStore } from '../../../../installer/src/stores/memory.ts'
import { code } from '../../../fixtures/code.ts'

type Given = Partial<ReleaseExtension>

/** A release with extensions whose content is their description. */
async function shelf(origin: string, given: readonly Given[], without?: string) {
  const store = memoryStore()
  const titled = (text: string, title: string): Descriptor => ({
    ...store.put(Buffer.from(text), 'application/octet-stream'),
    annotations: { 'org.opencontainers.image.title': title },
  })
  const made = given.map((changes) => {
    const extension = { publisher: 'acme', name: 'hello', version: '1.0.0', engine: '^1.80.0', ...changes }
    const text = JSON.stringify(extension)
    const layers = ['vsix', 'manifest', 'readme'].map((title) => titled(`${title} ${text}`, title))
    const kept = layers.filter(({ annotations }) => annotations?.['org.opencontainers.image.title'] !== without)
    return { extension, descriptor: makeArtifact(store, kept, { artifactType: mediaTypes.extension }) }
  })
  const roots = made.map(({ descriptor }, i) => {
    const name = `x.example/e${i}@${descriptor.digest}`
    return { descriptor, source: name, target: name }
  })
  const extensions = made.map(({ extension, descriptor: { digest } }): ReleaseExtension => ({ ...extension, digest }))
  const release = { created: '2026-01-01T00:00:00Z', extensions } as unknown as Release
  return { graph: await readGraph(store, roots), release, origin }
}

const galleryWith = async (...given: Given[]): Promise<Gallery> => galleryOf([await shelf('a.bundle', given)])

const ask = (
  gallery: Gallery,
  criteria: readonly [number, string?][],
  more: Record<string, unknown> = {},
  flags = 0,
) => {
  const filter = { criteria: criteria.map(([filterType, value]) => ({ filterType, value })), ...more }
  const found = search(gallery, Buffer.from(JSON.stringify({ filters: [filter], flags, assetTypes: [] })))
  return { ...found, ids: found.page.map(({ id }) => id) }
}

test('versions of an extension come newest first, those of one version together', async () => {
  const [one, more] = await galleryWith(
    { version: '1.9.0' },
    { version: '1.10.0', targetPlatform: 'linux-x64' },
    { version: '1.10.0-beta.2' },
    { version: '1.10.0', targetPlatform: 'linux-arm64', publisher: 'Acme' },
  )
  assert.equal(more, undefined)
  assert.deepEqual(
    one?.offered.map(({ extension: { version, targetPlatform = '' } }) => `${version} ${targetPlatform}`),
    ['1.10.0 linux-arm64', '1.10.0 linux-x64', '1.10.0-beta.2 ', '1.9.0 '],
  )
  assert.match(one?.uuid ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(one?.uuid, uuidOf('acme.hello'))
})

test('the same extension in two bundles is one, and two contents of one version are refused', async () => {
  const same = await Promise.all([shelf('a.bundle', [{}]), shelf('b.bundle', [{}, { name: 'other' }])])
  assert.deepEqual(
    galleryOf(same).map(({ id, offered }) => [id, offered.length]),
    [
      ['acme.hello', 1],
      ['acme.other', 1],
    ],
  )
  const other = await shelf('b.bundle', [{ description: 'of another content' }])
  assert.throws(() => galleryOf([same[0] as (typeof same)[0], other]), code('BUNDLE_CONFLICT'))
})

test('an extension without VSIX or manifest is refused, one without a readme has none', async () => {
  const lacking = (without: string) => shelf('a.bundle', [{}], without)
  for (const without of ['vsix', 'manifest']) {
    const bad = await lacking(without)
    assert.throws(() => galleryOf([bad]), code('BUNDLE_RELEASE'), without)
  }
  const [{ offered } = assert.fail()] = galleryOf([await lacking('readme')])
  assert.deepEqual(assetsOf(offered[0]), [
    'Microsoft.VisualStudio.Services.VSIXPackage',
    'Microsoft.VisualStudio.Code.Manifest',
  ])
})

test('a query finds by name, by id and by text, and nothing by what nobody knows here', async () => {
  const gallery = await galleryWith(
    { name: 'lint', displayName: 'Lint', description: 'Greets no one' },
    { name: 'hello', displayName: 'Hello', description: 'Greets' },
    { name: 'theme', publisher: 'Other', displayName: 'A dark theme' },
  )
  const all = ['acme.hello', 'acme.lint', 'other.theme']
  assert.deepEqual(
    ask(gallery, [
      [8, 'Microsoft.VisualStudio.Code'],
      [12, '4096'],
    ]).ids,
    all,
  )
  assert.deepEqual(
    ask(gallery, [
      [7, 'ACME.Hello'],
      [7, 'nobody.nothing'],
      [4, uuidOf('other.theme')],
    ]).ids,
    ['acme.hello', 'other.theme'],
  )
  assert.deepEqual(ask(gallery, [[7, 'nobody.nothing']]).ids, [])
  assert.deepEqual(ask(gallery, [[10, 'greets']]).ids, ['acme.hello', 'acme.lint'])
  assert.deepEqual(ask(gallery, [[10, '  Dark  THEME ']]).ids, ['other.theme'])
  assert.deepEqual(ask(gallery, [[10, 'greets lint']]).ids, ['acme.lint'])
  for (const [type, value] of [
    [5, 'Themes'],
    [1, 'tag'],
    [9, ''],
    [99, 'x'],
    [8, 'Microsoft.VisualStudio.Ide'],
  ] as const)
    assert.deepEqual(
      ask(gallery, [
        [10, 'greets'],
        [type, value],
      ]).ids,
      [],
      `criterion ${type}`,
    )
})

test('what a search names comes before what only mentions it', async () => {
  const gallery = await galleryWith({ name: 'a', description: 'works with git' }, { name: 'git' })
  assert.deepEqual(ask(gallery, [[10, 'git']]).ids, ['acme.git', 'acme.a'])
})

test('pages are bounded, whatever is asked for', async () => {
  const gallery = await galleryWith(...Array.from({ length: 1200 }, (_, i) => ({ name: `e${i + 1000}` })))
  const page = (more: Record<string, unknown>) => {
    const { ids, total } = ask(gallery, [], more)
    return [ids.length, ids[0], total]
  }
  assert.deepEqual(page({}), [50, 'acme.e1000', 1200])
  assert.deepEqual(page({ pageSize: 100, pageNumber: 3 }), [100, 'acme.e1200', 1200])
  assert.deepEqual(page({ pageSize: 1e9 }), [1000, 'acme.e1000', 1200])
  assert.deepEqual(page({ pageSize: -5, pageNumber: -7 }), [1, 'acme.e1000', 1200])
  assert.deepEqual(page({ pageNumber: 9e15 }), [0, undefined, 1200])
})

test('what is no query is refused as one', async () => {
  const gallery = await galleryWith({})
  for (const body of [
    '',
    '{',
    '[]',
    '{}',
    '{"filters": []}',
    '{"filters": [7]}',
    '{"filters": [{"criteria": [{}]}]}',
    'null',
  ])
    assert.throws(() => search(gallery, Buffer.from(body)), { status: 400 }, body)
  for (const filter of [
    { pageSize: 1.5 },
    { pageNumber: '1' },
    { criteria: [{ filterType: 7, value: ['acme.hello'] }] },
  ])
    assert.throws(() => search(gallery, Buffer.from(JSON.stringify({ filters: [filter] }))), { status: 400 })
  const deep = `{"filters": [{"x": ${'['.repeat(500)}${']'.repeat(500)}}]}`
  assert.throws(() => search(gallery, Buffer.from(deep)), { status: 400 })
})
