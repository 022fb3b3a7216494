import assert from 'node:assert/strict'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../installer/src/build/build.ts'
import { readRegistries } from '../../installer/src/cli/registries-file.ts'
import { sourceRegistryFrom } from '../../installer/src/cli/registry.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { askHelper } from '../../installer/src/stores/registry/credential-helper.ts'
import { registryStore } from '../../installer/src/stores/registry/store.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { startRegistry } from '../lab/registry.ts'
import { startSquid } from '../lab/squid.ts'
import { clientOf, push, putPlatform, realRegistry, releaseOf } from './build-sources-release.ts'

const auth = { username: 'ci', password: 'p:w with "quotes"' }

async function registriesFile(t: TestContext, text: string, files: Record<string, string> = {}): Promise<string> {
  const directory = await temporaryDirectory(t)
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  await writeFile(join(directory, 'registries.yaml'), text)
  return join(directory, 'registries.yaml')
}

test('mirrors are asked in order, and one that is gone, empty or refuses is passed over', async (t) => {
  const empty = await realRegistry(t)
  const locked = await realRegistry(t, { auth })
  const full = await realRegistry(t)
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['base', 'manager'])
  await push(memory, full.store, image, `${full.registry.host}/hub/cde/manager:1`)
  const plain = (host: string) => `  ${host}: {plainHttp: true}\n`
  const hosts = [empty, locked, full].map(({ registry }) => registry.host)
  const file = await registriesFile(
    t,
    `registries:\n  vendor.example: {mirrors: ["127.0.0.1:1", ${hosts[0]}, ${hosts[1]}/hub, ${hosts[2]}/hub]}\n${hosts.map(plain).join('')}`,
  )
  const store = await sourceRegistryFrom({ registries: file }, [])
  t.after(() => store.close())
  const line = '{name: manager, reference: "vendor.example/cde/manager:1", role: component}'
  const { options } = await releaseOf(await temporaryDirectory(t), store, [line])
  const { release } = await buildBundle(options)
  assert.equal(release.images[0]?.digest, image.digest)
  assert.equal(release.images[0]?.reference, 'vendor.example/cde/manager:1')
})

test('a host of which no mirror has an image says what each place answered', async (t) => {
  const { registry } = await realRegistry(t)
  const file = await registriesFile(
    t,
    `registries:\n  127.0.0.1:1: {mirrors: [${registry.host}]}\n  ${registry.host}: {plainHttp: true}\n`,
  )
  const store = await sourceRegistryFrom({ registries: file }, [])
  t.after(() => store.close())
  await assert.rejects(store.resolve('127.0.0.1:1/cde/none:1'), (error: Error & { why?: string }) => {
    assert.match(error.why ?? '', new RegExp(`before that, ${registry.host}: `))
    return code('REGISTRY_UNREACHABLE')(error)
  })
})

test('CA and password of the registries file open a registry with TLS and a login', async (t) => {
  const directory = await temporaryDirectory(t)
  const registry = await startRegistry({ directory, tls: true, auth })
  t.after(() => registry.stop())
  const text = `registries:\n  ${registry.host}: {ca: ca.crt, username: ci, passwordFile: password}\n`
  const file = await registriesFile(t, text, { password: `${auth.password}\n` })
  await cp(registry.caFile as string, join(file, '../ca.crt'))
  const store = await sourceRegistryFrom({ registries: file }, [])
  t.after(() => store.close())
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['x'])
  await push(memory, store, image, `${registry.host}/cde/x:1`)
  assert.equal((await store.resolve(`${registry.host}/cde/x:1`)).digest, image.digest)
})

test('a registries file with an unknown field, half a login or two logins is refused with its line', async (t) => {
  for (const entry of [
    '{mirror: x}',
    '{username: ci}',
    '{username: ci, passwordFile: p, helper: pass}',
    '{mirrors: x}',
  ]) {
    const file = await registriesFile(t, `registries:\n  good.example: {}\n  bad.example: ${entry}\n`)
    await assert.rejects(readRegistries(file), (error: Error) => {
      assert.match(error.message, /registries\.yaml:3 /)
      return code('USAGE_REGISTRIES')(error)
    })
  }
})

/** A directory on PATH with `docker-credential-NAME` programs. */
async function helpers(t: TestContext, scripts: Record<string, string>): Promise<string> {
  const directory = join(await temporaryDirectory(t), 'bin')
  await mkdir(directory)
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(directory, `docker-credential-${name}`)
    await writeFile(path, `#!/bin/sh\n${script}\n`)
    await chmod(path, 0o755)
  }
  const before = process.env.PATH
  process.env.PATH = `${directory}:${before}`
  t.after(() => {
    process.env.PATH = before
  })
  return directory
}

const answer = (username: string, secret: string) =>
  `[ "$1" = get ] || exit 3\nread host\ncat <<'END'\n${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}\nEND`

test('credHelpers, credsStore and the helper of the registries file give logins for real', async (t) => {
  const { registry } = await realRegistry(t, { auth })
  const directory = await helpers(t, {
    right: `${answer(auth.username, auth.password)}\necho "$host" >> "$(dirname "$0")/asked"`,
    none: 'echo "credentials not found in native keychain"; exit 1',
  })
  const loginWith = async (config: unknown, settings: { helper?: string } = {}) => {
    const path = join(directory, 'config.json')
    await writeFile(path, JSON.stringify(config))
    const store = registryStore({
      registries: { [registry.host]: { plainHttp: true, ...settings } },
      dockerConfig: path,
      proxy: {},
    })
    t.after(() => store.close())
    const memory = memoryStore()
    await push(memory, store, putPlatform(memory, 'linux/amd64', ['x']), `${registry.host}/cde/x:1`)
    return await store.resolve(`${registry.host}/cde/x:1`)
  }
  await loginWith({ credHelpers: { [registry.host]: 'right' } })
  await loginWith({ credsStore: 'right', auths: { [registry.host]: {} } })
  await loginWith({ credsStore: 'none', credHelpers: { [registry.host]: 'right' } })
  await loginWith({}, { helper: 'right' })
  const wrong = Buffer.from('ci:wrong').toString('base64')
  await assert.rejects(
    loginWith({ credsStore: 'none', auths: { [registry.host]: { auth: wrong } } }),
    code('REGISTRY_UNAUTHORIZED'),
  )
  await assert.rejects(loginWith({ credsStore: 'none' }), code('REGISTRY_UNAUTHORIZED'))
})

test('a helper that fails, hangs, floods or babbles is an error that quotes nothing of it', async (t) => {
  await helpers(t, {
    fails: 'echo S3CRET; echo S3CRET >&2; exit 4',
    hangs: 'echo S3CRET; sleep 60',
    floods: 'yes S3CRET',
    babbles: 'echo "S3CRET is not JSON"',
    half: 'echo \'{"Username":"S3CRET"}\'',
  })
  for (const name of ['fails', 'hangs', 'floods', 'babbles', 'half', 'absent', '../../bin/sh']) {
    const start = performance.now()
    await assert.rejects(askHelper(name, 'registry.example', 500), (error: Error & { why?: string; fix?: string }) => {
      assert.doesNotMatch(`${error.message}${error.why}${error.fix}${error.cause}`, /S3CRET/)
      return code('USAGE_CREDENTIAL_HELPER')(error)
    })
    assert.ok(performance.now() - start < 5000)
  }
})

test('a registry with TLS is reached through a real proxy with CONNECT, and NO_PROXY goes around it', async (t) => {
  const host = 'registry.test'
  const squid = await startSquid({ directory: await temporaryDirectory(t), hosts: [host] })
  t.after(() => squid.stop())
  const start = async (tls: boolean) => {
    const registry = await startRegistry({ directory: await temporaryDirectory(t), tls, names: [host] })
    t.after(() => registry.stop())
    return registry
  }
  const [secure, plain] = [await start(true), await start(false)]
  const memory = memoryStore()
  const image = putPlatform(memory, 'linux/amd64', ['through the proxy '.repeat(100_000)])
  const proxy = { https: squid.url, http: squid.url }
  for (const one of [secure, plain]) {
    const store = await clientOf(t, { ...one, host: `${host}:${one.port}` }, { proxy })
    const name = `${host}:${one.port}/cde/manager:1`
    await push(memory, store, image, name)
    const line = `{name: manager, reference: "${name}", role: component}`
    const { options } = await releaseOf(await temporaryDirectory(t), store, [line])
    assert.equal((await buildBundle(options)).release.images[0]?.digest, image.digest)
    // a tunnel is logged when it ends
    await store.close()
    assert.ok(await squid.logs(new RegExp(`${one === secure ? 'CONNECT ' : 'GET http://'}${host}:${one.port}`)))
  }
  // this machine by an address that is not loopback to look at
  const near = { ...plain, host: `0.0.0.0:${plain.port}` }
  const direct = await clientOf(t, near, { proxy: { ...proxy, except: '0.0.0.0/32' } })
  assert.equal((await direct.resolve(`${near.host}/cde/manager:1`)).digest, image.digest)
  assert.equal(await squid.logs(/0\.0\.0\.0:/, 500), false)
  const through = await clientOf(t, near, { proxy })
  assert.equal((await through.resolve(`${near.host}/cde/manager:1`)).digest, image.digest)
  assert.ok(await squid.logs(/0\.0\.0\.0:/))
})
