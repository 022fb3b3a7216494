import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { seedRegistry } from '../../installer/src/seed/seed.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallBundle } from '../fixtures/release.ts'
import {
  blobOf,
  digestOf,
  type FakeRegistry,
  fakeRegistry,
  noise,
  type Script,
  storeFor,
} from '../unit/installer/registry/fake-registry.ts'
import { at, head, isBlob, lies, nameOf, none, page, pathOf } from './registry-lies.ts'

/** A bundle, what an honest registry holds after it was seeded there, and another registry. */
async function site(t: TestContext) {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const honest = await fakeRegistry(t, { repositories: { mounts: true } })
  await seedRegistry({ bundle, to: storeFor(t, [honest]), registry: honest.host })
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  // each time as another process would: nothing is remembered
  const seed = () => {
    const to = storeFor(t, [fake], { retry: { attempts: 2, base: 1 } })
    return seedRegistry({ bundle, to, registry: fake.host })
  }
  return { bundle, honest, fake, seed }
}

function copyOf(honest: FakeRegistry, fake: FakeRegistry): void {
  for (const [digest, bytes] of honest.blobs) fake.blobs.set(digest, bytes)
  for (const [name, manifest] of honest.manifests) fake.manifests.set(name, manifest)
  for (const link of honest.links ?? []) fake.links?.add(link)
}

function assertHolds(fake: FakeRegistry, honest: FakeRegistry): void {
  for (const [name, { bytes }] of honest.manifests) assert.deepEqual(fake.manifests.get(name)?.bytes, bytes, name)
  for (const [digest, bytes] of honest.blobs) assert.deepEqual(fake.blobs.get(digest), bytes, digest)
  for (const link of honest.links ?? []) assert.ok(fake.links?.has(link), link)
}

for (const [what, lie, end] of lies)
  test(`a registry to seed, where ${what}: it ${end === 'heals' ? 'gets everything' : 'is named'}`, async (t) => {
    const { honest, fake, seed } = await site(t)
    fake.script = lie(fake, honest)
    const failure = await seed().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (end === 'heals') {
      assert.equal(failure, undefined)
      return assertHolds(fake, honest)
    }
    assert.ok(failure instanceof SealiftError, `${failure ?? 'it was believed'}`)
    assert.match(failure.code, /^REGISTRY_/)
    assert.ok(`${failure.message} ${failure.why}`.includes(fake.host))
    assert.ok(failure.fix)
  })

const spoiled: [string, (fake: FakeRegistry) => void][] = [
  ['all blobs', (fake) => fake.blobs.clear()],
  ['all documents', (fake) => fake.manifests.clear()],
  ['one blob', (fake) => fake.blobs.delete([...fake.blobs.keys()][0] as string)],
  ['what another repository has', (fake) => fake.links?.delete([...(fake.links ?? [])].at(-1) as string)],
  [
    'the names',
    (fake) => {
      for (const name of fake.manifests.keys()) if (!name.includes('sha256:')) fake.manifests.delete(name)
    },
  ],
]
for (const [what, spoil] of spoiled)
  test(`a registry that lost ${what} and still says that it has everything gets it again`, async (t) => {
    const { honest, fake, seed } = await site(t)
    copyOf(honest, fake)
    assert.equal((await seed()).sent, 0)
    spoil(fake)
    fake.script = head((r, size) => ({ 'content-length': size, 'docker-content-digest': nameOf(r) }))(fake, honest)
    await seed()
    assertHolds(fake, honest)
  })

const damages: [string, (bytes: Buffer) => Buffer][] = [
  ['whose first byte is another one', at(() => 0)],
  ['whose last byte is another one', at((size) => size - 1)],
  ['that is shorter', (bytes) => bytes.subarray(1)],
  ['that is longer', (bytes) => Buffer.concat([bytes, page])],
]
for (const [what, damage] of damages)
  for (const large of [true, false])
    test(`a ${large ? 'large' : 'small'} blob ${what} at the registry is named before anything is sent`, async (t) => {
      const { honest, fake, seed } = await site(t)
      copyOf(honest, fake)
      const [digest, bytes] = [...fake.blobs].find(([, { length }]) => length > 2048 === large) ?? []
      assert.ok(digest && bytes)
      const damaged = damage(bytes)
      fake.blobs.set(digest, damaged)
      const failure = await seed().catch((error) => error)
      const code = damaged.length === bytes.length ? 'REGISTRY_CONTENT' : 'REGISTRY_PROTOCOL'
      assert.equal(failure.code, code, failure.message)
      assert.ok(`${failure.message} ${failure.why}`.includes(fake.host))
      assert.ok(failure.why.includes(digest))
      assert.ok(fake.seen.every(({ method }) => method === 'GET' || method === 'HEAD'))
    })

/** What honest registries of the field do, each in its own way. */
const peculiarities: [string, (fake: FakeRegistry, elsewhere: FakeRegistry) => Script][] = [
  [
    'states no digest of blobs',
    (fake) => (request, response) => {
      const found = request.method === 'HEAD' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      if (!found || !fake.links?.has(`${pathOf(request)}@${nameOf(request)}`)) return false
      return response.writeHead(200, { 'content-length': found.length }).end()
    },
  ],
  [
    'knows no HEAD',
    () => (request, response) => (request.method === 'HEAD' ? response.writeHead(405, none).end() : false),
  ],
  [
    'answers HEAD without a length',
    (fake) => (request, response) => {
      if (request.method !== 'HEAD' || !isBlob(request)) return false
      if (!fake.links?.has(`${pathOf(request)}@${nameOf(request)}`)) return false
      return response.writeHead(200, { 'transfer-encoding': 'chunked', 'docker-content-digest': nameOf(request) }).end()
    },
  ],
  [
    'ignores ranges',
    () => (request) => {
      delete request.headers.range
      return false
    },
  ],
  [
    'does not say how long all is of which it sends a range',
    (fake) => (request, response) => {
      const found = request.method === 'GET' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (!found || from === undefined || !fake.links?.has(`${pathOf(request)}@${nameOf(request)}`)) return false
      const part = found.subarray(Number(from), Number(to) + 1)
      return response
        .writeHead(206, { 'content-range': `bytes ${from}-${to}/*`, 'content-length': part.length })
        .end(part)
    },
  ],
  [
    'keeps blobs at another host, which answers GET alone',
    (fake, elsewhere) => {
      elsewhere.script = (request, response) => {
        if (request.method !== 'GET') return response.writeHead(403, none).end()
        const found = fake.blobs.get(nameOf(request)) as Buffer
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
        if (from === undefined) return response.writeHead(200, { 'content-length': found.length }).end(found)
        const headers = { 'content-range': `bytes ${from}-${to}/${found.length}` }
        return response.writeHead(206, headers).end(found.subarray(Number(from), Number(to) + 1))
      }
      return (request, response) => {
        if (!isBlob(request) || !['GET', 'HEAD'].includes(request.method ?? '')) return false
        if (!fake.links?.has(`${pathOf(request)}@${nameOf(request)}`)) return false
        return response.writeHead(307, { ...none, location: `${elsewhere.origin}/store/${nameOf(request)}` }).end()
      }
    },
  ],
]
for (const [what, way] of peculiarities)
  test(`an honest registry that ${what} is seeded, and found unchanged by the next seed`, async (t) => {
    const { honest, fake, seed } = await site(t)
    fake.script = way(fake, await fakeRegistry(t))
    const first = await seed()
    assertHolds(fake, honest)
    const { whole, sampled } = first.readBack
    assert.equal(whole.parts + sampled.parts, first.outcomes.sent + first.outcomes.mounted)
    assert.ok(sampled.parts > 0 && sampled.read === 2048 * sampled.parts && sampled.read < sampled.bytes)
    fake.seen.length = 0
    const again = await seed()
    assert.equal(again.sent, 0)
    assert.deepEqual(again.readBack, first.readBack)
    assert.ok(fake.seen.every(({ method }) => method === 'GET' || method === 'HEAD'))
  })

const bytes = noise(3000)
const document = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, layers: [] }))
const heads: [string, (size: number, digest: string) => Record<string, string | number>][] = [
  ['nothing', () => ({})],
  ['the right size', (size) => ({ 'content-length': size })],
  ['the right digest', (_, digest) => ({ 'docker-content-digest': digest })],
]
for (const [what, headers] of heads)
  test(`HEAD that says 200 and ${what} is not believed: what cannot be read is not there`, async (t) => {
    const fake = await fakeRegistry(t)
    const store = storeFor(t, [fake])
    const manifest = { mediaType: mediaTypes.manifest, digest: digestOf(document), size: document.length }
    for (const there of [false, true]) {
      if (there) {
        fake.blobs.set(digestOf(bytes), bytes).set(digestOf(Buffer.alloc(0)), Buffer.alloc(0))
        fake.manifests.set(manifest.digest, { type: manifest.mediaType, bytes: document })
      }
      for (const descriptor of [blobOf(bytes), blobOf(Buffer.alloc(0)), manifest]) {
        fake.script = ({ method }, response) =>
          method === 'HEAD' ? response.writeHead(200, headers(descriptor.size, descriptor.digest)).end() : false
        assert.equal(await store.has(`${fake.host}/cde/a`, descriptor), there)
      }
    }
  })
