import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { signedIndexArtifact } from '@sealift/bundle-spec/signed-index.ts'
import { readRelease } from '../../installer/src/stores/bundle/release.ts'
import { verifyRelease } from '../../installer/src/stores/release/verify.ts'
import { signingKeys } from '../fixtures/release.ts'
import type { Loose } from '../fixtures/reseal.ts'
import { digestOf, failureOf, manifestName } from '../unit/installer/registry/fake-registry.ts'
import { published } from '../unit/installer/release/published.ts'

type Site = Awaited<ReturnType<typeof published>>

/** Puts documents of one's own under the name of the release, as whoever has the registry can. */
function offer({ fake, repository }: Site, document: Loose, parts: readonly Uint8Array[] = [], tag = '0.1.0') {
  const bytes = Buffer.from(document instanceof Uint8Array ? document : JSON.stringify(document))
  const manifest = { type: String(mediaTypes.manifest), bytes }
  for (const reference of [tag, digestOf(bytes)])
    fake.manifests.set(manifestName(fake, repository, reference), manifest)
  for (const part of parts) {
    fake.blobs.set(digestOf(part), Buffer.from(part))
    fake.links?.add(`${repository}@${digestOf(part)}`)
  }
}

/** The same, with an index and a signature, put together rightly. */
function offerIndex(site: Site, index: Uint8Array, signature: Uint8Array, tag?: string) {
  const { manifest, parts } = signedIndexArtifact({ index, signature })
  offer(
    site,
    manifest.bytes,
    parts.map(({ bytes }) => bytes),
    tag,
  )
}

const documentOf = (site: Site) => JSON.parse(site.held()?.bytes.toString() ?? '')
const altered = (bytes: Uint8Array, from: string, to: string) =>
  Buffer.from(Buffer.from(bytes).toString().replace(from, to))

/** What a registry can do to a release, and how opening it ends. */
const lies: [string, string, (site: Site) => unknown][] = [
  [
    'no such version',
    'REGISTRY_NOT_FOUND',
    ({ fake, repository }) => fake.manifests.delete(manifestName(fake, repository, '0.1.0')),
  ],
  ['an image under its name', 'BUNDLE_FORMAT', (site) => offer(site, { ...documentOf(site), artifactType: undefined })],
  [
    'a signature taken away',
    'BUNDLE_UNSIGNED',
    (site) => offer(site, { ...documentOf(site), layers: documentOf(site).layers.slice(0, 1) }),
  ],
  [
    'a signature by a key of its own',
    'BUNDLE_UNTRUSTED',
    (site) =>
      offerIndex(site, site.bundle.signed.index, signMessage(site.bundle.signed.index, signingKeys().privateKey)),
  ],
  [
    'an index that was altered, and all digests with it',
    'BUNDLE_SIGNATURE',
    (site) =>
      offerIndex(site, altered(site.bundle.signed.index, 'cde/manager', 'cde/mangler'), site.bundle.signed.signature),
  ],
  [
    'an index of another release with this signature',
    'BUNDLE_SIGNATURE',
    (site) => offerIndex(site, Buffer.from('{"manifests":[]}'), site.bundle.signed.signature),
  ],
  [
    'a signature that was altered',
    'BUNDLE_SIGNATURE',
    (site) =>
      offerIndex(
        site,
        site.bundle.signed.index,
        altered(site.bundle.signed.signature, '{"mediaType"', '{ "mediaType"'),
      ),
  ],
  [
    'other bytes for the index than its digest',
    'REGISTRY_CONTENT',
    (site) =>
      site.fake.blobs.set(site.bundle.indexDigest, altered(site.bundle.signed.index, 'cde/manager', 'cde/mangler')),
  ],
  ['an index that is not there', 'REGISTRY_INCOMPLETE', (site) => site.fake.blobs.delete(site.bundle.indexDigest)],
  [
    'an index without an end',
    'BUNDLE_LIMIT',
    (site) => {
      const document = documentOf(site)
      document.layers[0].size = limits.document + 1
      offer(site, document)
    },
  ],
  [
    'a manifest that was altered under its digest',
    'REGISTRY_CONTENT',
    (site) => {
      const { bytes } = site.held() as { bytes: Buffer }
      const name = manifestName(site.fake, site.repository, digestOf(bytes))
      const forged = altered(bytes, 'index.json', 'index.jsom')
      // what its headers say stays right
      site.fake.script = (request, response) =>
        request.method === 'GET' && request.url?.endsWith(digestOf(bytes))
          ? response
              .writeHead(200, { 'content-type': mediaTypes.manifest, 'content-length': forged.length })
              .end(forged)
          : false
      assert.ok(site.fake.manifests.has(name))
    },
  ],
  [
    'a page for people',
    'REGISTRY_PROTOCOL',
    ({ fake }) => {
      fake.script = (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
    },
  ],
  [
    'a release manifest that was altered',
    'REGISTRY_CONTENT',
    async (site) => {
      const { release } = await readRelease(site.bundle)
      const [digest, layer] = [...site.fake.blobs].find(([, bytes]) => bytes.includes('"kind":"Release"')) as [
        string,
        Buffer,
      ]
      assert.ok(layer.includes(release.version))
      site.fake.blobs.set(digest, altered(layer, '0.1.0', '0.9.9'))
    },
  ],
]

for (const [what, code, lie] of lies)
  test(`a registry with ${what} is refused before anything of the release is used`, async (t) => {
    const site = await published(t)
    await lie(site)
    const error = await failureOf(site.open())
    assert.equal(error.code, code, error.message)
    assert.ok(error.fix, 'it says what helps')
    assert.ok(error.why)
    if (code !== 'REGISTRY_PROTOCOL' && code !== 'BUNDLE_LIMIT')
      assert.match(error.message, /mirror\/cde\/charts\/cde\/release:0\.1\.0/)
  })

test('an older release, rightly signed, under the name of a newer one is refused; so is one under a name of its own choice', async (t) => {
  const site = await published(t)
  const { index, signature } = site.bundle.signed
  for (const tag of ['0.2.0', 'latest', '0.1', '0.1.0_x']) {
    offerIndex(site, index, signature, tag)
    const error = await failureOf(site.open(site.name.replace(/0\.1\.0$/, tag)))
    assert.equal(error.code, 'REGISTRY_OTHER_RELEASE')
    assert.match(error.why ?? '', /cde 0\.1\.0 is what the vendor signed/)
  }
  const elsewhere = { ...site, repository: 'mirror/other/release' }
  offerIndex(elsewhere, index, signature)
  const error = await failureOf(site.open(`${site.fake.host}/mirror/other/release:0.1.0`))
  assert.equal(error.code, 'REGISTRY_OTHER_RELEASE')
  assert.match(error.why ?? '', /REGISTRY\/cde\/charts\/cde\/release:VERSION/)
})

test('a name that is moved while it is looked at gives the release that it stood for at first, whole', async (t) => {
  const site = await published(t)
  const other = Buffer.from('{"manifests":[]}')
  site.fake.script = (request, response) => {
    if (request.method === 'HEAD' && request.url?.endsWith('/0.1.0'))
      response.once('finish', () => offerIndex(site, other, signMessage(other, signingKeys().privateKey)))
    return false
  }
  const release = await site.open()
  await verifyRelease(release)
  assert.equal(release.indexDigest, site.bundle.indexDigest)
  // by now it is another one, and the digest still leads to this
  assert.equal((await failureOf(site.open())).code, 'BUNDLE_UNTRUSTED')
  assert.equal((await site.open(release.path)).indexDigest, site.bundle.indexDigest)
})

test('a digest that was pinned is met, whatever the registry says that it has', async (t) => {
  const site = await published(t)
  const pinned = `${site.name.replace(':0.1.0', '')}@sha256:${'0'.repeat(64)}`
  assert.equal((await failureOf(site.open(pinned))).code, 'REGISTRY_NOT_FOUND')
  const { type, bytes } = site.held() as { type: string; bytes: Buffer }
  site.fake.manifests.set(manifestName(site.fake, site.repository, pinned.split('@')[1] as string), { type, bytes })
  assert.equal((await failureOf(site.open(pinned))).code, 'REGISTRY_CONTENT')
})

test('a registry that is gone, and one that wants a login, are named as that', async (t) => {
  const site = await published(t)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const gone = await failureOf(site.open(`127.0.0.1:${port}/mirror/cde/charts/cde/release:0.1.0`))
  assert.equal(gone.code, 'REGISTRY_UNREACHABLE')
  site.fake.script = (_request, response) =>
    response.writeHead(401, { 'content-length': 0, 'www-authenticate': 'Basic realm="x"' }).end()
  assert.equal((await failureOf(site.open())).code, 'REGISTRY_UNAUTHORIZED')
})

test('content that is missing, altered or another is found when the release is verified, and named', async (t) => {
  const site = await published(t)
  const release = await site.open()
  const { links } = site.fake as { links: Set<string> }
  const base = digestOf(Buffer.from(`base layer ${'x'.repeat(3000)}`))
  const lacks = (digest: string, repository: string) => async () => {
    links.delete(`mirror/${repository}@${digest}`)
    const error = await failureOf(verifyRelease(release))
    links.add(`mirror/${repository}@${digest}`)
    assert.equal(error.code, 'REGISTRY_INCOMPLETE')
    assert.match(error.why ?? '', new RegExp(`/mirror/${repository}@${digest}`))
    assert.match(error.fix ?? '', /sealift seed BUNDLE --to \S+\/mirror/)
  }
  for (const repository of ['cde/manager', 'cde/workspace']) await lacks(base, repository)()
  const manager = manifestName(
    site.fake,
    'mirror/cde/manager',
    (await release.store.resolve('registry.sealift.example/cde/manager:0.1.0')).digest,
  )
  const kept = site.fake.manifests.get(manager) as { type: string; bytes: Buffer }
  site.fake.manifests.delete(manager)
  assert.equal((await failureOf(verifyRelease(release))).code, 'REGISTRY_INCOMPLETE')
  site.fake.manifests.set(manager, { ...kept, bytes: altered(kept.bytes, 'layers', 'Layers') })
  assert.equal((await failureOf(verifyRelease(release))).code, 'REGISTRY_CONTENT')
  site.fake.manifests.set(manager, kept)
  site.fake.blobs.set(base, Buffer.alloc(5))
  assert.equal((await failureOf(verifyRelease(release))).code, 'REGISTRY_PROTOCOL')
})
