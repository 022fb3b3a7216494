import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { signingKeys } from '../fixtures/release.ts'
import { run } from '../lab/command.ts'
import { push, putIndex, putPlatform, realRegistry, releaseOf } from './build-sources-release.ts'

/** A registry that must not be asked. */
const nowhere: ContentStore = {
  origin: 'registry that must not be asked',
  resolve: () => Promise.reject(new Error('asked')),
  has: () => Promise.reject(new Error('asked')),
  open: () => Promise.reject(new Error('asked')),
}

const reference = 'vendor.example/cde/manager:1'

/** An image at a real registry, from where skopeo copies it. */
async function site(t: TestContext) {
  const { registry, store } = await realRegistry(t)
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['base layer '.repeat(5000), 'layer of manager'])
  const { index } = putIndex(memory, 'tool', ['linux/amd64', 'linux/arm64'])
  const name = `${registry.host}/cde/manager:1`
  await push(memory, store, image, name)
  await push(memory, store, index, `${registry.host}/cde/tool:1`)
  const directory = await temporaryDirectory(t)
  const copy = async (from: string, to: string, ...flags: string[]) => {
    await run('skopeo', ['copy', '--src-tls-verify=false', ...flags, `docker://${registry.host}/cde/${from}`, to])
  }
  const release = (source: string, more: { platforms?: string } = {}) =>
    releaseOf(
      directory,
      nowhere,
      [`{name: manager, reference: "${reference}", role: component, source: "${source}"}`],
      more,
    )
  return { directory, registry, store, memory, image, index, name, copy, release }
}

test('an image comes from an OCI layout that skopeo wrote, and keeps its digest', async (t) => {
  const { directory, image, index, copy, release } = await site(t)
  await copy('manager:1', `oci:${directory}/layout:manager`, '--preserve-digests')
  await copy('tool:1', `oci:${directory}/layout:tool`, '--all', '--preserve-digests')
  const { options, trust } = await release('oci-layout:layout:manager')
  const built = await buildBundle(options)
  assert.deepEqual(built.release.images[0], { name: 'manager', reference, digest: image.digest, role: 'component' })
  const bundle = await openBundle(built.path, trust)
  t.after(() => bundle.close())
  await verifyBundle(bundle)
  const tool = await release('oci-layout:layout:tool', { platforms: 'linux/arm64' })
  assert.equal((await buildBundle(tool.options)).release.images[0]?.original, index.digest)
  const unknown = await release('oci-layout:layout:other')
  await assert.rejects(buildBundle(unknown.options), code('STORAGE_NOT_FOUND'))
})

test('a layout that is damaged or not whole is refused, and no registry is asked instead', async (t) => {
  const { directory, image, copy, release } = await site(t)
  await copy('manager:1', `oci:${directory}/layout:manager`, '--preserve-digests')
  const { options } = await release('oci-layout:layout:manager')
  const blobs = join(directory, 'layout/blobs/sha256')
  const sizes = await Promise.all(
    (await readdir(blobs)).map(async (name) => ({ name, text: await readFile(join(blobs, name)) })),
  )
  const layer = sizes.reduce((most, one) => (one.text.length > most.text.length ? one : most))
  const damaged = Buffer.from(layer.text)
  damaged[100] = (damaged[100] as number) ^ 1
  await writeFile(join(blobs, layer.name), damaged)
  await assert.rejects(buildBundle(options), code('BUNDLE_CONTENT'))
  await rm(join(blobs, layer.name))
  await assert.rejects(buildBundle(options), code('STORAGE_NOT_FOUND'))
  await mkdir(join(blobs, layer.name))
  await assert.rejects(buildBundle(options), code('STORAGE_NOT_FOUND'))
  await rm(join(blobs, image.digest.slice(7)))
  await run('mkfifo', [join(blobs, image.digest.slice(7))])
  await assert.rejects(buildBundle(options), code('STORAGE_NOT_FOUND'))
})

test('an image comes from a docker archive that skopeo wrote, with the config as it was and the same digest each time', async (t) => {
  const { directory, image, memory, copy, release } = await site(t)
  await copy('manager:1', `docker-archive:${directory}/saved.tar:${reference}`)
  const { options, trust } = await release(`docker-archive:saved.tar:${reference}`)
  const built = await buildBundle(options)
  const again = await buildBundle({ ...options, out: join(directory, 'again.bundle') })
  assert.equal(again.release.images[0]?.digest, built.release.images[0]?.digest)
  const bundle = await openBundle(built.path, trust)
  t.after(() => bundle.close())
  await verifyBundle(bundle)
  const raw = JSON.parse(await run('skopeo', ['inspect', '--raw', `oci-archive:${built.path}:${reference}`]))
  const chunks: Uint8Array[] = []
  for await (const chunk of await memory.open('', image)) chunks.push(chunk)
  const original = JSON.parse(Buffer.concat(chunks).toString())
  // uncompressed layers are the same bytes in the archive
  assert.deepEqual(raw.layers, original.layers)
  assert.equal(raw.config.digest, original.config.digest)
})

test('an image comes from another bundle only where its signature is trusted and it accepts the license', async (t) => {
  const { directory, image, name, store, release } = await site(t)
  const other = await releaseOf(await temporaryDirectory(t), store, [
    `{name: manager, reference: "${name}", role: component}`,
  ])
  const { path } = await buildBundle(other.options)
  const { options: own } = await release(`bundle:${path}:${name}`)
  // sealing it again under keys of one's own does not make it one's own
  await assert.rejects(buildBundle({ ...own, trust: other.trust, out: join(directory, 'x') }), code('LICENSE_FORGED'))
  const { license, licenseKeys } = other.options
  const options = { ...own, license, licenseKeys }
  const built = await buildBundle({ ...options, trust: other.trust })
  assert.equal(built.release.images[0]?.digest, image.digest)
  await assert.rejects(buildBundle({ ...options, out: join(directory, 'x') }), code('USAGE_TRUST'))
  const stranger = [signingKeys().publicKey]
  await assert.rejects(
    buildBundle({ ...options, trust: stranger, out: join(directory, 'x') }),
    code('BUNDLE_UNTRUSTED'),
  )
})

test('a digest in the reference is compared with what a source holds', async (t) => {
  const { directory, image, copy } = await site(t)
  await copy('manager:1', `oci:${directory}/layout:manager`, '--preserve-digests')
  const line = (digest: string) =>
    `{name: manager, reference: "${reference}@${digest}", role: component, source: "oci-layout:layout:manager"}`
  const right = await releaseOf(directory, nowhere, [line(image.digest)])
  assert.equal((await buildBundle(right.options)).release.images[0]?.reference, reference)
  const wrong = await releaseOf(directory, nowhere, [line(`sha256:${'0'.repeat(64)}`)])
  await assert.rejects(buildBundle({ ...wrong.options, out: join(directory, 'x') }), code('BUILD_REFERENCE'))
})
