import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { copyGraph } from '@sealift/bundle-spec/copy.ts'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { writeBundle } from '../../installer/src/stores/bundle/write.ts'
import { firstOf } from '../../installer/src/stores/first.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { mirroredStore } from '../../installer/src/stores/registry/mirrors.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import {
  blobOf,
  digestOf,
  type FakeRegistry,
  failureOf,
  fakeRegistry,
  noise,
  storeFor,
} from '../unit/installer/registry/fake-registry.ts'

const config = Buffer.from('{"os":"linux","architecture":"amd64"}')
const layer = noise(200_000)

/** A registry with one image, under `1` and its digest; `change` makes it another one. */
async function site(t: TestContext, change: (document: Record<string, unknown>) => unknown = (document) => document) {
  const fake = await fakeRegistry(t)
  for (const bytes of [config, layer]) fake.blobs.set(digestOf(bytes), bytes)
  const document = change({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { ...blobOf(config), mediaType: mediaTypes.config },
    layers: [blobOf(layer)],
  })
  const manifest = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
  offer(fake, manifest, '1', digestOf(manifest))
  return { fake, manifest, name: `${fake.host}/cde/a:1` }
}

function offer(fake: FakeRegistry, bytes: Buffer, ...names: string[]) {
  for (const name of names) fake.manifests.set(name, { type: mediaTypes.manifest, bytes })
}

/** What a build does with an image: reads its documents, then copies all into a bundle. */
async function bundled(t: TestContext, from: ContentStore, name: string) {
  const all = firstOf(memoryStore(), from)
  const graph = await readGraph(all, [{ descriptor: await all.resolve(name), source: name, target: name }])
  const writer = await writeBundle(join(await temporaryDirectory(t), 'a.bundle'), graph, config, config)
  try {
    await copyGraph(all, writer, graph)
  } finally {
    await writer.close()
  }
}

const lies: Record<string, (place: Awaited<ReturnType<typeof site>>) => unknown> = {
  'a layer of the right length': ({ fake }) => fake.blobs.set(digestOf(layer), Buffer.alloc(layer.length)),
  'a configuration of the right length': ({ fake }) => fake.blobs.set(digestOf(config), Buffer.alloc(config.length)),
  'a manifest, with headers that are right': ({ fake, manifest }) => {
    const forged = Buffer.from(manifest.toString().replace('layers', 'Layers'))
    fake.script = (request, response) =>
      request.method === 'GET' && request.url?.includes('/manifests/sha256:')
        ? response.writeHead(200, { 'content-type': mediaTypes.manifest }).end(forged)
        : false
  },
}

for (const [what, lie] of Object.entries(lies))
  test(`a registry that sends another one for ${what} is named, and a mirror that does is`, async (t) => {
    const place = await site(t)
    lie(place)
    const { fake, name } = place
    const error = await failureOf(bundled(t, storeFor(t, [fake]), name))
    assert.equal(error.code, 'REGISTRY_CONTENT')
    assert.equal(error.message, `registry ${fake.host} sends other content than it was asked for`)
    assert.match(error.why ?? '', /could not read cde\/a@sha256:/)
    const own = await fakeRegistry(t)
    const mirrored = mirroredStore(storeFor(t, [fake, own]), { [own.host]: [fake.host] })
    const last = await failureOf(bundled(t, mirrored, `${own.host}/cde/a:1`))
    assert.ok(`${last.message} ${last.why}`.includes(fake.host), `${last.message} ${last.why}`)
  })

const malformed: Record<string, (document: Record<string, unknown>) => unknown> = {
  'is no JSON': () => '{"mediaType":"application/vnd.oci.image.manifest.v1+json"',
  'is a list': () => '[]',
  'has no layers': ({ layers: _, ...rest }) => rest,
  'has no configuration': ({ config: _, ...rest }) => rest,
  'has a layer without a size': (document) => ({ ...document, layers: [{ ...blobOf(layer), size: undefined }] }),
  'has a layer by another digest': (document) => ({ ...document, layers: [{ ...blobOf(layer), digest: 'sha256:0' }] }),
  'has a key twice': (document) => JSON.stringify(document).replace('{', '{"layers":[],'),
  'names a document that is too large': (document) => ({
    ...document,
    layers: [{ ...blobOf(layer), mediaType: mediaTypes.manifest, size: limits.document + 1 }],
  }),
  'is an index, too': (document) => ({ ...document, manifests: [] }),
}

for (const [what, change] of Object.entries(malformed))
  test(`an image whose manifest ${what} is no lie of the registry, but no valid image`, async (t) => {
    const { fake, manifest, name } = await site(t, change)
    const error = await failureOf(bundled(t, storeFor(t, [fake]), name))
    assert.equal(error.code, 'REGISTRY_DOCUMENT')
    const named = `${fake.host} serves cde/a@${digestOf(manifest)}, which is not a valid image`
    assert.equal(error.message, `registry ${named}`)
    assert.notEqual(error.why ?? '', '')
  })

test('a document that is larger than one may be is refused before it is asked for', async (t) => {
  const { fake, name } = await site(t)
  fake.script = (_request, response) =>
    response
      .writeHead(200, {
        'content-type': mediaTypes.manifest,
        'docker-content-digest': digestOf(config),
        'content-length': limits.document + 1,
      })
      .end()
  const error = await failureOf(storeFor(t, [fake]).resolve(name))
  assert.equal(error.code, 'REGISTRY_PROTOCOL')
  assert.match(error.why ?? '', /has 4194305 bytes/)
  assert.equal(fake.seen.length, 1)
})

test('an image that is whole is taken', async (t) => {
  const { fake, name } = await site(t)
  await bundled(t, storeFor(t, [fake]), name)
})
