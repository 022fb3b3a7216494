import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Descriptor, mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { seedRegistry } from '../../installer/src/seed/seed.ts'
import { catalogOf } from '../../installer/src/serve/catalog.ts'
import { serverCertificates } from '../../installer/src/serve/certificates.ts'
import { servedBundle, stampOf } from '../../installer/src/serve/served-bundle.ts'
import { createRegistryServer } from '../../installer/src/serve/server.ts'
import { type Bundle, openBundle } from '../../installer/src/stores/bundle/open.ts'
import { readRelease } from '../../installer/src/stores/bundle/release.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { cosignTags, referrersTag } from '../../installer/src/stores/referrers.ts'
import { registryStore } from '../../installer/src/stores/registry/store.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { run } from '../lab/command.ts'
import { push, putIndex, putPlatform, putReferrer, realRegistry, releaseOf } from './build-sources-release.ts'

const sbomType = 'application/vnd.cyclonedx+json'
const signatureType = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/**
 * A signed image of two platforms at distribution 2.8, which has no referrers API: an SBOM of one platform, a signature
 * of the index and one of the SBOM (as referrers), and one under cosign's tag.
 */
async function site(t: TestContext) {
  const { registry, store } = await realRegistry(t)
  const memory = memoryStore()
  const { index, children } = putIndex(memory, 'manager', ['linux/amd64', 'linux/arm64'])
  const [amd64] = children as [Descriptor]
  const repository = `${registry.host}/cde/manager`
  await push(memory, store, index, `${repository}:1`)
  const sbom = putReferrer(memory, amd64, sbomType, 'sbom of amd64')
  const signature = putReferrer(memory, index, signatureType, 'signature of the index')
  const ofSbom = putReferrer(memory, sbom, signatureType, 'signature of the sbom')
  const stranger = putReferrer(memory, children[1] as Descriptor, sbomType, 'of another image, whatever the list says')
  const tagged = putPlatform(memory, 'linux/amd64', ['simple signing'])
  for (const manifest of [sbom, signature, ofSbom])
    await push(memory, store, manifest, `${repository}@${manifest.digest}`)
  await push(memory, store, tagged, `${repository}:${cosignTags(index.digest)[0]}`)
  const list = async (subject: Descriptor, ...manifests: Descriptor[]) => {
    const document = memory.put(toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }), mediaTypes.index)
    await push(memory, store, document, `${repository}:${referrersTag(subject.digest)}`)
  }
  await list(amd64, sbom, stranger)
  await list(index, signature)
  await list(sbom, ofSbom)
  const directory = await temporaryDirectory(t)
  const image = `{name: manager, reference: "${repository}:1", role: component}`
  const made = await releaseOf(directory, store, [image], { platforms: 'linux/amd64' })
  return { ...made, directory, memory, repository, index, amd64, sbom, signature, ofSbom, tagged, registry, store }
}

async function opened(t: TestContext, path: string, trust: string[]): Promise<Bundle> {
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  return bundle
}

const attached = (bundle: Bundle) =>
  bundle.artifacts.filter(({ role }) => role === 'referrer').map(({ reference }) => reference)

test('signatures and SBOMs come along under the names by which clients look for them, unless they are left out', async (t) => {
  const { options, trust, repository, index, sbom, signature, ofSbom } = await site(t)
  const { path, referrers } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  await verifyBundle(bundle)
  const expected = [sbom, signature, ofSbom].map(({ digest }) => `${repository}@${digest}`)
  assert.deepEqual(attached(bundle), [...expected, `${repository}:${cosignTags(index.digest)[0]}`].sort())
  assert.equal(referrers, 4)
  const without = await buildBundle({ ...options, referrers: false, out: `${path}.2` })
  assert.deepEqual(attached(await opened(t, without.path, trust)), [])
})

test('seeding makes them findable at a registry without the referrers API, and keeps what a site put there', async (t) => {
  const { options, trust, memory, index, amd64, sbom, signature, tagged } = await site(t)
  const { path } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  const target = await realRegistry(t)
  const repository = `${target.registry.host}/cde/manager`
  const own = putReferrer(memory, amd64, 'application/vnd.site.approval', 'approved here')
  await push(memory, target.store, amd64, `${repository}:site`)
  await push(memory, target.store, own, `${repository}@${own.digest}`)
  const list = toJson({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [own] })
  await push(memory, target.store, memory.put(list, mediaTypes.index), `${repository}:${referrersTag(amd64.digest)}`)
  await seedRegistry({ bundle, to: target.store, registry: target.registry.host })
  const found = await target.store.referrers(repository, amd64.digest)
  assert.deepEqual(new Set(found.map(({ descriptor }) => descriptor.digest)), new Set([own.digest, sbom.digest]))
  const ofIndex = await target.store.referrers(repository, index.digest)
  assert.deepEqual(
    ofIndex.map(({ descriptor, tag }) => [descriptor.digest, tag]),
    [
      [signature.digest, undefined],
      [tagged.digest, cosignTags(index.digest)[0]],
    ],
  )
})

test('a registry with the referrers API (a served bundle) is asked by it, and serves the original index by its digest', async (t) => {
  const { options, trust, directory, index, sbom, signature, ofSbom, amd64, repository } = await site(t)
  const { path } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  const graph = await verifyBundle(bundle)
  const tls = await serverCertificates({ directory: join(directory, 'tls'), hosts: ['127.0.0.1'] })
  const { release } = await readRelease(bundle)
  const blobs = servedBundle({ bundle, release, graph, stamp: await stampOf(bundle) })
  const shown = { catalog: catalogOf([{ graph, origin: path }]), gallery: [], blobs }
  const server = createRegistryServer({ shown: () => shown, tls })
  t.after(() => server.close(0))
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const host = `127.0.0.1:${port}`
  const caPem = await readFile(tls.caPath, 'utf8')
  const store = registryStore({ registries: { [host]: { caPem } }, dockerConfig: false, proxy: {} })
  t.after(() => store.close())
  const name = repository.replace(/^[^/]*/, host)
  assert.equal((await store.read(`${name}@${index.digest}`)).descriptor.digest, index.digest)
  const certs = join(directory, 'certs')
  await cp(tls.caPath, join(certs, 'ca.crt'))
  const flags = ['--src-cert-dir', certs, '--override-os', 'linux', '--override-arch', 'amd64', '--preserve-digests']
  await run('skopeo', ['copy', ...flags, `docker://${name}@${index.digest}`, `oci:${directory}/pulled:x`])
  assert.equal(JSON.parse(await run('skopeo', ['inspect', `oci:${directory}/pulled:x`])).Digest, amd64.digest)
  assert.deepEqual(
    (await store.listed(name, amd64.digest))?.map(({ digest, artifactType }) => [digest, artifactType]),
    [[sbom.digest, sbomType]],
  )
  const api = `https://${name.replace('/', '/v2/')}/referrers`
  const list = await run('curl', ['-sS', '--cacert', tls.caPath, `${api}/${amd64.digest}`])
  assert.deepEqual(
    JSON.parse(list).manifests.map(({ annotations }: Descriptor) => annotations?.said),
    ['sbom of amd64'],
  )
  const image = `{name: manager, reference: "${name}:1", role: component}`
  const again = await releaseOf(await temporaryDirectory(t), store, [image])
  const second = await buildBundle(again.options)
  const digests = (await opened(t, second.path, again.trust)).artifacts.map(({ descriptor }) => descriptor.digest)
  // the delivered index is another one than the vendor's, so what is about the vendor's stays with that
  assert.ok(digests.includes(sbom.digest) && digests.includes(ofSbom.digest))
  assert.ok(!digests.includes(signature.digest))
})

test('an SBOM that release.yaml names is attached to what is delivered, the same way each time', async (t) => {
  const { store, repository, directory } = await site(t)
  const image = (sbom: string) => [`{name: manager, reference: "${repository}:1", role: component, sbom: ${sbom}}`]
  await writeFile(join(directory, 'bom.json'), '{"bomFormat":"CycloneDX","specVersion":"1.6"}')
  await writeFile(join(directory, 'other.json'), '{"name":"x"}')
  const { options, trust } = await releaseOf(directory, store, image('bom.json'))
  const { path, release } = await buildBundle({ ...options, referrers: false })
  const bundle = await opened(t, path, trust)
  const graph = await verifyBundle(bundle)
  const [digest] = release.images.map((one) => one.digest) as [string]
  const listed = catalogOf([{ graph, origin: path }]).referrers('cde/manager', digest)
  assert.deepEqual(
    listed.map(({ artifactType }) => artifactType),
    [sbomType],
  )
  const again = await buildBundle({ ...options, referrers: false, out: `${path}.2` })
  assert.ok((await readFile(again.path)).equals(await readFile(path)))
  for (const sbom of ['other.json', 'none.json', '.']) {
    const bad = await releaseOf(directory, store, image(sbom))
    await assert.rejects(buildBundle(bad.options), code('BUILD_SBOM'))
  }
})
