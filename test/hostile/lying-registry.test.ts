import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
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
  manifestName,
  noise,
  type Script,
  storeFor,
} from '../unit/installer/registry/fake-registry.ts'

const none = { 'content-length': 0 }
const page = Buffer.from('<html><body>Welcome. Please log in to use this network.</body></html>')

const isManifest = ({ url = '' }: IncomingMessage) => url.includes('/manifests/')
const isBlob = ({ url = '' }: IncomingMessage) => /\/blobs\/sha256:/.test(url)
const nameOf = ({ url = '' }: IncomingMessage) => url.split('/').at(-1) as string
const pathOf = ({ url = '' }: IncomingMessage) => /^\/v2\/(.+?)\/(?:manifests|blobs)\//.exec(url)?.[1] ?? ''
const isTag = (request: IncomingMessage) => isManifest(request) && !nameOf(request).startsWith('sha256:')
const other = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 1))

/** What a registry that has everything holds: what a liar may know of content that it lacks. */
type Knows = Pick<FakeRegistry, 'blobs' | 'manifests' | 'links'>
const sizeOf = (all: Knows, request: IncomingMessage) =>
  isManifest(request)
    ? all.manifests.get(manifestName(all, pathOf(request), nameOf(request)))?.bytes.length
    : all.blobs.get(nameOf(request))?.length

type Lie = (fake: FakeRegistry, all: Knows) => Script

/** Answers HEAD for what there is and what not, with these headers. */
const head =
  (headers: (request: IncomingMessage, size: number) => Record<string, string | number>): Lie =>
  (_fake, all) =>
  (request, response) =>
    request.method === 'HEAD' && !isTag(request)
      ? response.writeHead(200, headers(request, sizeOf(all, request) ?? 7)).end()
      : false

/** Answers GET of what there is with what `change` makes of it. Blobs in ranges too, as if they were whole. */
const changed =
  (which: (request: IncomingMessage) => boolean, change: (bytes: Buffer) => Buffer): Lie =>
  (fake) =>
  (request, response) => {
    if (request.method !== 'GET' || !which(request)) return false
    const manifest = fake.manifests.get(manifestName(fake, pathOf(request), nameOf(request)))
    const found = isManifest(request) ? manifest?.bytes : fake.blobs.get(nameOf(request))
    if (!found || (isBlob(request) && !fake.links?.has(`${pathOf(request)}@${nameOf(request)}`))) return false
    const bytes = change(found)
    const headers = { 'content-type': manifest?.type ?? 'application/octet-stream', 'docker-content-digest': '' }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1)
    const range = from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${found.length}` }
    return response
      .writeHead(from === undefined ? 200 : 206, { ...headers, ...range, 'content-length': part.length })
      .end(part)
  }

/** Takes what is put there, and forgets it. */
const forgets =
  (which: (request: IncomingMessage) => boolean): Lie =>
  () =>
  async (request, response, body) => {
    if (request.method !== 'PUT' || !which(request)) return false
    await body()
    return response.writeHead(201, none).end()
  }

const mountsNothing: Lie = () => (request, response) =>
  request.method === 'POST' && request.url?.includes('mount=') ? response.writeHead(201, none).end() : false

const both =
  (...lies: Lie[]): Lie =>
  (fake, all) => {
    const scripts = lies.map((lie) => lie(fake, all))
    return async (...asked) => {
      for (const script of scripts) {
        const answer = await script(...asked)
        if (answer !== false) return answer
      }
      return false
    }
  }

/** Is honest for some requests, then lies. */
const later =
  (requests: number, lie: Lie): Lie =>
  (fake, all) => {
    const script = lie(fake, all)
    let left = requests
    return (...asked) => (left-- > 0 ? false : script(...asked))
  }

const at = (offset: (size: number) => number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes)
  const place = offset(bytes.length)
  copy[place] = (copy[place] as number) ^ 1
  return copy
}

/** [what, lie, whether a registry that only lies so ends up with everything: then it has to be sent] */
const lies: [string, Lie, 'heals' | 'fails'][] = [
  ['HEAD says 200 for everything, and no more', head(() => ({})), 'heals'],
  ['HEAD has the right size of everything', head((_, size) => ({ 'content-length': size })), 'heals'],
  ['HEAD repeats the digest that it is asked for', head((r) => ({ 'docker-content-digest': nameOf(r) })), 'heals'],
  [
    'HEAD has the right digest and size of everything',
    head((r, size) => ({ 'content-length': size, 'docker-content-digest': nameOf(r) })),
    'heals',
  ],
  ['HEAD has the size of a page', head(() => ({ 'content-length': page.length })), 'heals'],
  [
    'a page is the answer to everything',
    () => (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
    'fails',
  ],
  ['blobs are other bytes of the same length', changed(isBlob, other), 'fails'],
  [
    'the first byte of blobs is another one',
    changed(
      isBlob,
      at(() => 0),
    ),
    'fails',
  ],
  [
    'the last byte of blobs is another one',
    changed(
      isBlob,
      at((size) => size - 1),
    ),
    'fails',
  ],
  ['documents are other bytes of the same length', changed(isManifest, other), 'fails'],
  ['documents end early', changed(isManifest, (bytes) => bytes.subarray(0, -5)), 'fails'],
  ['documents go on', changed(isManifest, (bytes) => Buffer.concat([bytes, page])), 'fails'],
  ['blobs end early', changed(isBlob, (bytes) => bytes.subarray(0, bytes.length >> 1)), 'fails'],
  [
    'blobs break off in the middle of an answer',
    (fake) => (request, response) => {
      const found = request.method === 'GET' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      if (!found) return false
      response.writeHead(200, { 'content-length': found.length })
      return response.write(found.subarray(0, found.length >> 1), () => response.destroy())
    },
    'fails',
  ],
  [
    'ranges are ignored, and the last byte is another one',
    (fake, all) => (request, response, body) => {
      delete request.headers.range
      return changed(
        isBlob,
        at((size) => size - 1),
      )(fake, all)(request, response, body)
    },
    'fails',
  ],
  [
    'another range is sent than was asked for',
    (fake) => (request, response) => {
      const found = request.method === 'GET' && isBlob(request) ? fake.blobs.get(nameOf(request)) : undefined
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (!found || from === undefined) return false
      const range = `bytes ${Number(from) + 1}-${Number(to) + 1}/${found.length}`
      return response.writeHead(206, { 'content-range': range }).end(found.subarray(Number(from), Number(to) + 1))
    },
    'fails',
  ],
  ['a mount takes nothing', mountsNothing, 'heals'],
  [
    'a mount takes nothing, and HEAD says it did',
    both(
      mountsNothing,
      head(() => ({})),
    ),
    'heals',
  ],
  [
    'a mount takes nothing, and no blob is kept',
    both(
      mountsNothing,
      forgets((r) => !isManifest(r)),
    ),
    'fails',
  ],
  ['blobs are taken and not kept', forgets((request) => !isManifest(request)), 'fails'],
  [
    'blobs are not kept, and HEAD says they are',
    both(
      forgets((r) => !isManifest(r)),
      head(() => ({})),
    ),
    'fails',
  ],
  ['documents are taken and not kept', forgets((r) => isManifest(r) && !isTag(r)), 'fails'],
  ['names are taken and not kept', forgets(isTag), 'fails'],
  [
    'names lead to other content than was pushed',
    (fake) => (request, response) => {
      if (!isTag(request) || request.method === 'PUT') return false
      const found = [...fake.manifests].find(([key]) => key.startsWith(`${pathOf(request)}:sha256:`))?.[1]
      const there = fake.manifests.has(manifestName(fake, pathOf(request), nameOf(request)))
      if (!there || !found) return false
      const bytes = Buffer.concat([found.bytes, Buffer.from('\n')])
      return response.writeHead(200, { 'content-type': found.type, 'content-length': bytes.length }).end(bytes)
    },
    'fails',
  ],
  [
    'it says that it keeps another digest than was sent',
    () => async (request, response, body) => {
      if (request.method !== 'PUT') return false
      await body()
      return response.writeHead(201, { ...none, 'docker-content-digest': digestOf(page) }).end()
    },
    'fails',
  ],
  [
    'every second upload is kept only',
    (() => {
      let turn = 0
      return forgets((request) => !isManifest(request) && turn++ % 2 === 1)
    })(),
    'fails',
  ],
  ...[1, 2, 5, 20, 40].map((requests): [string, Lie, 'fails'] => [
    `it is honest for ${requests} requests, then nothing is kept and HEAD says it is`,
    later(
      requests,
      both(
        mountsNothing,
        forgets(() => true),
        head(() => ({})),
      ),
    ),
    'fails',
  ]),
]

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
      fake.blobs.set(digest, damage(bytes))
      const failure = await seed().catch((error) => error)
      assert.equal(failure.code, 'REGISTRY_PROTOCOL', failure.message)
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
