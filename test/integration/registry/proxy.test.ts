import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { copyGraph } from '../../../bundle-spec/src/copy.ts'
import { readGraph } from '../../../bundle-spec/src/graph.ts'
import { type ProxyAnswers, proxyOf } from '../../../installer/src/install/proxy-access.ts'
import { releaseRegistry, siteRegistry } from '../../../installer/src/install/registry-access.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage } from '../../fixtures/release.ts'
import { startRegistry } from '../../lab/registry.ts'
import { type SquidOptions, startSquid } from '../../lab/squid.ts'

const host = 'registry.test'

/** A registry with an image that a proxy alone can find. */
async function behind(t: TestContext, options: (ca: string) => Omit<SquidOptions, 'directory'>) {
  const registry = await startRegistry({ directory: await temporaryDirectory(t), tls: true, names: [host] })
  t.after(() => registry.stop())
  const caFile = registry.caFile as string
  const caPem = await readFile(caFile, 'utf8')
  const from = memoryStore()
  const image = await putImage(from, 'vendor.example/cde/a:1', ['a layer '.repeat(100_000)])
  const near = registryStore({ registries: { [registry.host]: { caPem } }, dockerConfig: false, proxy: {} })
  const targets = [{ descriptor: image, source: 'vendor.example/cde/a:1', target: `${registry.host}/cde/a:1` }]
  await copyGraph(from, near, await readGraph(from, targets))
  await near.close()
  const squid = await startSquid({ directory: await temporaryDirectory(t), hosts: [host], ...options(caFile) })
  t.after(() => squid.stop())
  const name = `${host}:${registry.port}/cde/a:1`
  /** Reads the image as an installation does whose answers name this. */
  const read = async (proxy: Partial<ProxyAnswers['proxy']>, releaseCaFile: string | undefined) => {
    const answers: ProxyAnswers = {
      ...{ mode: 'restricted', release: name, registry: { kind: 'existing', address: `${host}:${registry.port}` } },
      proxy: { https: squid.url, ...proxy },
    }
    assert.equal(proxyOf(answers, {}).https, squid.url)
    const site = siteRegistry(answers)
    const store = releaseRegistry({ ...answers, ...(releaseCaFile ? { releaseCaFile } : {}) }, name, site)
    try {
      return (await store.read(name)).descriptor.digest
    } finally {
      await store.close()
      await site.close()
    }
  }
  return { squid, image, caFile, read }
}

/** The failure's own words, for what no other code says. */
const refused = (why: RegExp, fix: RegExp) => (error: Error & { why?: string; fix?: string }) => {
  assert.match(error.why ?? '', why)
  assert.match(error.fix ?? '', fix)
  return code('REGISTRY_UNREACHABLE')(error)
}

test('a proxy that wants a login gets that of the file which the answers name', async (t) => {
  const login = { user: 'site', password: 'p:w @' }
  const { image, caFile, read, squid } = await behind(t, () => ({ login }))
  const loginFile = join(await temporaryDirectory(t), 'login')
  await writeFile(loginFile, `${login.user}:${login.password}\n`)
  await assert.rejects(read({}, caFile), refused(/the proxy answers 407, it wants a login/, /proxy\.loginFile/))
  assert.equal(await read({ loginFile }, caFile), image.digest)
  await writeFile(loginFile, 'site:other\n')
  await assert.rejects(read({ loginFile }, caFile), refused(/407/, /proxy\.loginFile/))
  assert.ok((await squid.log()).every(({ target }) => target.startsWith(`${host}:`)))
})

test('a proxy that denies a registry is told from a registry that is down', async (t) => {
  const { caFile, read } = await behind(t, () => ({ acl: 'http_access deny all' }))
  await assert.rejects(read({}, caFile), refused(/the proxy answers 403/, /^admit registry\.test:\d+ at the proxy/))
})

test('a proxy that opens TLS is not trusted, and with its CA in the answers an image is read through it', async (t) => {
  const { squid, image, caFile, read } = await behind(t, (servers) => ({ intercept: { servers } }))
  await assert.rejects(read({}, caFile), code('REGISTRY_TLS'))
  assert.equal(await read({ caFile: squid.caFile as string }, undefined), image.digest)
  assert.equal(await read({ caFile: squid.caFile as string }, caFile), image.digest)
})
