import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { copyGraph } from '../../../bundle-spec/src/copy.ts'
import { readGraph } from '../../../bundle-spec/src/graph.ts'
import { openBundleSet } from '../../../installer/src/serve/bundle-set.ts'
import { serverCertificates } from '../../../installer/src/serve/certificates.ts'
import type { ServedBundle } from '../../../installer/src/serve/served-bundle.ts'
import { createRegistryServer } from '../../../installer/src/serve/server.ts'
import { createTokens, type Tokens } from '../../../installer/src/serve/token.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { vendor } from '../../unit/installer/serve/bundles.ts'

const execute = promisify(execFile)
const auth = { username: 'site', password: 'p:w' }

/** A signed bundle, served straight from its file with a CA of our own and a login. */
async function site(t: TestContext, tokens?: Tokens) {
  const directory = await temporaryDirectory(t)
  const { build, trust, license } = await vendor(directory)
  const path = await build(join(directory, 'cde.bundle'), '0.1.0')
  const set = await openBundleSet({ paths: [path], trust, license })
  const [{ bundle, graph }] = set.bundles as [ServedBundle]
  const tls = await serverCertificates({ directory: join(directory, 'tls'), hosts: ['127.0.0.1', 'localhost'] })
  // skopeo wants the CA alone in a directory
  const certs = join(directory, 'certs')
  await cp(tls.caPath, join(certs, 'ca.crt'))
  const served = createRegistryServer({ shown: () => set, tls, auth, ...(tokens ? { tokens } : {}) })
  const { port } = await served.listen({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await served.close(0)
    await bundle.close()
  })
  return { directory, bundle, graph, tls, certs, host: `127.0.0.1:${port}` }
}

for (const tokens of [undefined, createTokens()])
  test(`skopeo pulls every image of a served bundle over TLS, by tag and by digest, with a login by ${tokens ? 'token' : 'password'}`, async (t) => {
    const { directory, bundle, certs, host } = await site(t, tokens)
    const flags = ['--src-cert-dir', certs, '--src-creds', `${auth.username}:${auth.password}`, '--preserve-digests']
    for (const { reference, descriptor, role, name } of bundle.artifacts.filter((one) => one.role === 'image')) {
      const path = reference.slice(reference.indexOf('/') + 1)
      assert.equal(role, 'image')
      for (const wanted of [path, `${path.replace(/:[^:]*$/, '')}@${descriptor.digest}`]) {
        const copied = join(directory, `copy-${name}-${wanted.includes('@')}`)
        await run('skopeo', ['copy', ...flags, `docker://${host}/${wanted}`, `dir:${copied}`])
        const manifest = JSON.parse(await readFile(join(copied, 'manifest.json'), 'utf8'))
        const layer = name === 'manager' ? 'manager 0.1.0' : name
        assert.equal(await readFile(join(copied, manifest.layers[1].digest.slice(7)), 'utf8'), layer)
      }
    }
  })

test('skopeo refuses the server without its CA and without a login', async (t) => {
  const { certs, host } = await site(t)
  const inspect = (...flags: string[]) => execute('skopeo', ['inspect', ...flags, `docker://${host}/cde/manager:0.1.0`])
  await assert.rejects(inspect('--creds', `${auth.username}:${auth.password}`), /unknown authority/)
  await assert.rejects(inspect('--cert-dir', certs, '--no-creds'), /user and a password|unauthorized|authentication/)
})

test('oci-registry-client reads manifests, tags and blobs of a served bundle with our CA', async (t) => {
  const { tls, host, bundle } = await site(t)
  // it takes a CA only from Node's own setting, which is read when a process starts
  const program = `
    const { RegistryClientV2 } = require('oci-registry-client')
    const client = new RegistryClientV2({ name: '${host}/cde/manager', scheme: 'https', acceptOCIManifests: true, username: 'site', password: 'p:w' })
    ;(async () => {
      const { resp, manifest } = await client.getManifest({ ref: '0.1.0' })
      const { tags } = await client.listTags()
      const { stream } = await client.createBlobReadStream({ digest: manifest.layers[1].digest })
      let text = ''
      for await (const chunk of stream) text += chunk
      console.log(JSON.stringify({ digest: resp.headers.get('docker-content-digest'), tags, text }))
    })()`
  const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: tls.caPath }
  const { stdout } = await execute(process.execPath, ['--no-deprecation', '-e', program], {
    env,
    cwd: import.meta.dirname,
  })
  const manager = bundle.artifacts.find(({ name }) => name === 'manager')
  assert.deepEqual(JSON.parse(stdout), { digest: manager?.descriptor.digest, tags: ['0.1.0'], text: 'manager 0.1.0' })
})

test('our own client copies a served bundle whole', async (t) => {
  const { tls, host, bundle, graph } = await site(t)
  const store = registryStore({
    registries: { [host]: { caPem: tls.caPem, credentials: auth } },
    mirrors: { 'registry.sealift.example': host },
    dockerConfig: false,
    proxy: {},
  })
  t.after(() => store.close())
  const roots = bundle.artifacts.map(({ descriptor, reference }) => ({
    descriptor,
    source: reference,
    target: reference,
  }))
  const served = roots.filter(({ source }) => source.startsWith('registry.sealift.example/'))
  assert.ok(served.length > 0)
  for (const { source, descriptor } of served) assert.equal((await store.resolve(source)).digest, descriptor.digest)
  const copy = memoryStore()
  await copyGraph(store, copy, await readGraph(store, served))
  for (const { descriptor } of graph.nodes) {
    const reached = served.length === roots.length
    if (reached) assert.equal(await copy.has('', descriptor), true)
  }
})
