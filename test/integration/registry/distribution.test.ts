import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RegistryClientV2 } from 'oci-registry-client'
import { copyGraph } from '../../../bundle-spec/src/copy.ts'
import { readGraph } from '../../../bundle-spec/src/graph.ts'
import { verified } from '../../../bundle-spec/src/verify.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { type RegistryStoreOptions, registryStore } from '../../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage } from '../../fixtures/release.ts'
import { run } from '../../lab/command.ts'
import { distribution3 } from '../../lab/go-program.ts'
import { type Registry, startRegistry } from '../../lab/registry.ts'
import { blobOf, collect, failureOf, sourceOf } from '../../unit/installer/registry/fake-registry.ts'

const auth = { username: 'site', password: 'p:w with spaces' }

async function site(t: TestContext, program: string, options: { tls: boolean } = { tls: true }) {
  const directory = await temporaryDirectory(t)
  const registry = await startRegistry({ directory, program, tls: options.tls, auth })
  t.after(() => registry.stop())
  return { directory, registry }
}

async function storeAt(t: TestContext, registry: Registry, options: RegistryStoreOptions = {}) {
  const trust = registry.caFile ? { caPem: await readFile(registry.caFile, 'utf8') } : { plainHttp: true }
  const store = registryStore({
    registries: { [registry.host]: { ...trust, credentials: auth } },
    dockerConfig: false,
    proxy: {},
    ...options,
  })
  t.after(() => store.close())
  return store
}

/** Two images that share a layer, and their graph with targets at a registry. */
async function images(host: string) {
  const from = memoryStore()
  const a = await putImage(from, 'vendor.example/cde/a:1', ['base layer', 'layer of a'])
  const b = await putImage(from, 'vendor.example/cde/b:1', ['base layer', 'layer of b'])
  const graph = await readGraph(from, [
    { descriptor: a, source: 'vendor.example/cde/a:1', target: `${host}/cde/a:1` },
    { descriptor: b, source: 'vendor.example/cde/b:1', target: `${host}/cde/b:1` },
  ])
  return { from, a, b, graph }
}

const built = await distribution3().catch((error) => {
  if (process.env.CI) throw error
  test('distribution 3.1', { skip: `it is built with Go: ${error.message}` })
})
const releases = { '2.8': 'docker-registry', ...(built ? { '3.1': built } : {}) }

for (const [version, program] of Object.entries(releases)) {
  test(`distribution ${version}: images that are pushed with TLS and a login are what skopeo reads back, and a second push sends nothing`, async (t) => {
    const { registry, directory } = await site(t, program)
    const store = await storeAt(t, registry)
    const { from, a, b, graph } = await images(registry.host)
    const first = await copyGraph(from, store, graph)
    assert.deepEqual(first.outcomes, { sent: 7, mounted: 1, present: 0 })
    assert.equal(first.sent, graph.size, 'the shared layer went once')
    const second = await copyGraph(from, store, graph)
    assert.deepEqual(second, { outcomes: { sent: 0, mounted: 0, present: 8 }, sent: 0 })
    const authfile = join(directory, 'auth.json')
    const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64')
    await writeFile(authfile, JSON.stringify({ auths: { [registry.host]: { auth: pair } } }))
    // skopeo wants the CA alone in a directory
    const certs = join(directory, 'certs')
    await cp(registry.caFile as string, join(certs, 'ca.crt'))
    for (const [name, digest] of [
      ['a', a.digest],
      ['b', b.digest],
    ] as const) {
      const reference = `docker://${registry.host}/cde/${name}:1`
      const flags = ['--authfile', authfile, '--cert-dir', certs]
      const inspected = JSON.parse(await run('skopeo', ['inspect', '--no-tags', ...flags, reference]))
      assert.equal(inspected.Digest, digest)
      const copied = join(directory, `copy-${name}`)
      const there = ['--src-authfile', authfile, '--src-cert-dir', certs, '--preserve-digests']
      await run('skopeo', ['copy', ...there, reference, `dir:${copied}`])
      const layer = JSON.parse(await readFile(join(copied, 'manifest.json'), 'utf8')).layers[1].digest
      assert.equal(await readFile(join(copied, layer.slice(7)), 'utf8'), `layer of ${name}`)
    }
  })

  test(`distribution ${version}: images that are pushed are what oci-registry-client reads back`, async (t) => {
    const { registry } = await site(t, program, { tls: false })
    const store = await storeAt(t, registry)
    const { from, a, graph } = await images(registry.host)
    await copyGraph(from, store, graph)
    const client = new RegistryClientV2({
      name: `${registry.host}/cde/a`,
      ...auth,
      insecure: true,
      acceptOCIManifests: true,
    })
    const { resp, manifest } = await client.getManifest({ ref: '1' })
    assert.equal((resp as unknown as Response).headers.get('docker-content-digest'), a.digest)
    assert.deepEqual((await client.listTags()).tags, ['1'])
    const { layers } = manifest as { layers: { digest: string }[] }
    const { stream } = await client.createBlobReadStream({ digest: layers[0]?.digest ?? '' })
    assert.equal((await collect(stream as unknown as AsyncIterable<Uint8Array>)).toString(), 'base layer')
  })

  test(`distribution ${version}: a blob in chunks comes back whole, verified, and in ranges`, async (t) => {
    const { registry } = await site(t, program)
    const store = await storeAt(t, registry, { chunks: { whole: 1 << 20, chunk: 3 << 20 } })
    const bytes = randomBytes((10 << 20) + 12_345)
    const blob = blobOf(bytes)
    const repository = `${registry.host}/cde/large`
    assert.equal(await store.has(repository, blob), false)
    let sent = 0
    const onBytes = (n: number) => {
      sent += n
    }
    assert.equal(await store.write(repository, blob, sourceOf(bytes, 99_999), { onBytes }), 'sent')
    assert.equal(sent, bytes.length)
    assert.equal(await store.has(repository, blob), true)
    const back = await collect(verified(blob, await store.open(repository, blob), store.origin))
    assert.ok(back.equals(bytes))
    const part = await collect(await store.open(repository, blob, { start: 5_000_000, end: 5_000_007 }))
    assert.ok(part.equals(bytes.subarray(5_000_000, 5_000_007)))
    assert.equal(
      await store.write(`${registry.host}/cde/other`, blob, sourceOf(bytes), { mountFrom: [repository] }),
      'mounted',
    )
  })

  test(`distribution ${version}: a mirror reaches the registry under the vendor’s name`, async (t) => {
    const { registry } = await site(t, program)
    const store = await storeAt(t, registry)
    const { from, a, graph } = await images(`${registry.host}/mirror`)
    await copyGraph(from, store, graph)
    const mirrored = await storeAt(t, registry, { mirrors: { 'vendor.example': `${registry.host}/mirror` } })
    assert.deepEqual(await mirrored.resolve('vendor.example/cde/a:1'), a)
    const { size } = await readGraph(mirrored, [{ descriptor: a, source: 'vendor.example/cde/a:1', target: 'x/a:1' }])
    assert.ok(size > 0)
  })

  test(`distribution ${version}: a wrong password, no password, an unknown CA and an unknown name are four different errors`, async (t) => {
    const { registry } = await site(t, program)
    const caPem = await readFile(registry.caFile as string, 'utf8')
    const codeWith = async (settings: object) => {
      const store = await storeAt(t, registry, { registries: { [registry.host]: settings } })
      return (await failureOf(store.resolve(`${registry.host}/cde/a:1`))).code
    }
    assert.equal(await codeWith({ caPem, credentials: { ...auth, password: 'wrong' } }), 'REGISTRY_UNAUTHORIZED')
    assert.equal(await codeWith({ caPem }), 'REGISTRY_UNAUTHORIZED')
    assert.equal(await codeWith({ credentials: auth }), 'REGISTRY_TLS')
    assert.equal(await codeWith({ caPem, credentials: auth }), 'REGISTRY_NOT_FOUND')
  })

  test(`distribution ${version}: bytes that do not match their digest are refused by the registry and leave no blob`, async (t) => {
    const { registry } = await site(t, program)
    const store = await storeAt(t, registry)
    const bytes = randomBytes(10_000)
    const wrong = { ...blobOf(bytes), digest: `sha256:${'0'.repeat(64)}` }
    const error = await failureOf(store.write(`${registry.host}/cde/a`, wrong, sourceOf(bytes)))
    assert.equal(error.code, 'REGISTRY_REFUSED')
    assert.match(error.why ?? '', /DIGEST_INVALID/)
    assert.equal(await store.has(`${registry.host}/cde/a`, wrong), false)
  })
}
