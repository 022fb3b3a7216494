import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { provenStore } from '../../../../installer/src/seed/proven.ts'
import { planSeed, seedRegistry } from '../../../../installer/src/seed/seed.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import { verifyStructure } from '../../../../installer/src/stores/bundle/verify.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallBundle } from '../../../fixtures/release.ts'
import { collect, failureOf, fakeRegistry, storeFor } from '../registry/fake-registry.ts'

/** A bundle in which one byte of its largest blob is another one. */
async function damaged(t: TestContext) {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const blobs = bundle.entries.slice(3)
  const entry = blobs.reduce((most, one) => (one.size > most.size ? one : most))
  const file = await open(path, 'r+')
  await file.write(Buffer.from('#'), 0, 1, entry.offset + 2000)
  await file.close()
  return { bundle, digest: `sha256:${entry.name.slice(-64)}` }
}

for (const chunks of [
  { whole: 1 << 20, chunk: 1 << 20 },
  { whole: 100, chunk: 1000 },
])
  test(`a damaged blob ends a seed before any manifest or name, sent ${chunks.whole > 1000 ? 'whole' : 'in chunks'}`, async (t) => {
    const { bundle, digest } = await damaged(t)
    const fake = await fakeRegistry(t, { repositories: { mounts: true } })
    // documents, entries and gaps hold: only the blob's own bytes do not
    await verifyStructure(bundle)
    // a registry that believes everything: it must not depend on its checks
    fake.script = async (request, response, body) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
      const digest = searchParams.get('digest')
      if (request.method !== 'PUT' || !digest) return false
      const [, path, id = ''] = /^\/v2\/(.+)\/blobs\/uploads\/(.+)$/.exec(pathname) ?? []
      fake.blobs.set(digest, Buffer.concat([fake.uploads.get(id) ?? Buffer.alloc(0), await body()]))
      fake.links?.add(`${path}@${digest}`)
      return response.writeHead(201, { 'content-length': 0 }).end()
    }
    const error = await failureOf(seedRegistry({ bundle, to: storeFor(t, [fake], { chunks }), registry: fake.host }))
    assert.equal(error.code, 'BUNDLE_CONTENT')
    assert.equal(fake.manifests.size, 0)
    assert.equal(fake.blobs.has(digest), false, 'its upload was never ended')
  })

test('an upload that goes on in the middle is proven from its first byte', async (t) => {
  const { bundle, digest } = await damaged(t)
  const entry = bundle.entries.find(({ name }) => name.endsWith(digest.slice(7)))
  const descriptor = { mediaType: 'application/octet-stream', digest, size: entry?.size ?? 0 }
  // the damage lies before the part that is asked for
  const range = { start: 2500, end: descriptor.size }
  assert.equal((await collect(await bundle.store.open('', descriptor, range))).length, descriptor.size - 2500)
  const error = await failureOf(collect(await provenStore(bundle.store).open('', descriptor, range)))
  assert.equal(error.code, 'BUNDLE_CONTENT')
})

test('a dry run plans what a seed then does, and only asks', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  const place = { bundle, to: storeFor(t, [fake]), registry: `${fake.host}/site` }
  const plan = await planSeed(place)
  assert.ok(fake.seen.every(({ method }) => method === 'HEAD' || method === 'GET'))
  assert.equal(plan.repositories.length, 5)
  assert.ok(plan.repositories.every(({ repository }) => repository.startsWith(`${fake.host}/site/cde/`)))
  const done = await seedRegistry(place)
  assert.equal(done.sent, plan.send.bytes)
  assert.deepEqual(done.outcomes, { sent: plan.send.parts, mounted: plan.mount.parts, present: plan.present.parts })
  const after = await planSeed(place)
  assert.deepEqual(
    [after.send.parts, after.mount.parts, after.present.bytes],
    [0, 0, plan.send.bytes + plan.mount.bytes],
  )
  assert.ok(after.names.every(({ now, digest }) => now === digest))
})
