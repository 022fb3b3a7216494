import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { verified } from '../../../bundle-spec/src/verify.ts'
import { type RegistryStoreOptions, registryStore } from '../../../installer/src/stores/registry/store.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { startRegistry } from '../../lab/registry.ts'
import { blobOf, collect, failureOf, sourceOf } from '../../unit/installer/registry/fake-registry.ts'

const auth = { username: 'site', password: 'secret' }

/** A real registry behind a line that a test can cut: `cut(up, down)` ends it after so many bytes, once. */
async function site(t: TestContext, options: RegistryStoreOptions = {}) {
  const registry = await startRegistry({
    directory: await temporaryDirectory(t),
    tls: true,
    auth,
    names: ['site.invalid'],
  })
  t.after(() => registry.stop())
  const open = new Set<Socket>()
  let limits: { up: number; down: number } | undefined
  let cuts = 0
  const line = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: registry.port })
    open.add(near).add(far)
    const counted = (from: Socket, to: Socket, way: 'up' | 'down') => {
      from.on('data', (chunk) => {
        if (limits) limits[way] -= chunk.length
        if (limits && limits[way] < 0) {
          limits = undefined
          cuts++
          near.destroy()
          far.destroy()
        }
      })
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
    counted(near, far, 'up')
    counted(far, near, 'down')
  })
  line.listen(0, '127.0.0.1')
  await once(line, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    line.close()
  })
  const host = `127.0.0.1:${(line.address() as AddressInfo).port}`
  const caPem = await readFile(registry.caFile as string, 'utf8')
  const store = registryStore({
    registries: { [host]: { caPem, credentials: auth } },
    dockerConfig: false,
    proxy: {},
    retry: { attempts: 5, base: 20 },
    ...options,
  })
  t.after(() => store.close())
  return {
    registry,
    store,
    caPem,
    repository: `${host}/cde/a`,
    cut: (up: number, down: number) => {
      limits = { up, down }
    },
    cuts: () => cuts,
  }
}

test('a push whose connection is cut, in a whole blob or in a chunk, arrives whole', async (t) => {
  const { store, repository, cut, cuts } = await site(t, { chunks: { whole: 1 << 20, chunk: 2 << 20 } })
  for (const [size, after] of [
    [900_000, 400_000],
    [8 << 20, 5_000_000],
  ] as const) {
    const bytes = randomBytes(size)
    const blob = blobOf(bytes)
    cut(after, Number.POSITIVE_INFINITY)
    assert.equal(await store.write(repository, blob, sourceOf(bytes, 50_000)), 'sent')
    const back = await collect(verified(blob, await store.open(repository, blob), store.origin))
    assert.ok(back.equals(bytes))
  }
  assert.equal(cuts(), 2)
})

test('a pull whose connection is cut goes on', async (t) => {
  const { store, repository, cut, cuts } = await site(t)
  const bytes = randomBytes(8 << 20)
  const blob = blobOf(bytes)
  await store.write(repository, blob, sourceOf(bytes, 50_000))
  cut(Number.POSITIVE_INFINITY, 5_000_000)
  const back = await collect(verified(blob, await store.open(repository, blob), store.origin))
  assert.ok(back.equals(bytes))
  assert.equal(cuts(), 1)
})

test('a blob of no bytes is pushed and read', async (t) => {
  const { store, repository } = await site(t)
  const blob = blobOf(Buffer.alloc(0))
  assert.equal(await store.write(repository, blob, sourceOf(Buffer.alloc(0))), 'sent')
  assert.equal(await store.write(repository, blob, sourceOf(Buffer.alloc(0))), 'present')
  assert.equal((await collect(verified(blob, await store.open(repository, blob), store.origin))).length, 0)
})

test('a registry that stops for good in the middle of a push is an error, soon', async (t) => {
  const { store, registry, repository } = await site(t, { chunks: { whole: 1 << 20, chunk: 2 << 20 } })
  const bytes = randomBytes(8 << 20)
  const stopping = async (offset: number) => {
    async function* pieces() {
      for await (const piece of await sourceOf(bytes, 500_000)(offset)) {
        yield piece
        if (offset === 0) await registry.stop()
      }
    }
    return pieces()
  }
  const error = await failureOf(store.write(repository, blobOf(bytes), stopping))
  assert.equal(error.code, 'REGISTRY_UNREACHABLE')
})

test('a proxy is used for a registry behind it, TLS goes through to the registry, and its refusal is told', async (t) => {
  const { registry, caPem } = await site(t)
  const asked: string[] = []
  let allow = true
  const proxy = createHttpServer((_request, response) => response.writeHead(400).end())
  proxy.on('connect', (request, near: Socket, head) => {
    asked.push(request.url ?? '')
    near.on('error', () => {})
    if (!allow) return near.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const far = connect({ host: '127.0.0.1', port: registry.port }, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.write(head)
      far.pipe(near).pipe(far)
    })
    far.on('error', () => near.destroy())
    t.after(() => far.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const https = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const [host, wrongName] = [`site.invalid:${registry.port}`, `other.invalid:${registry.port}`]
  const settings = { caPem, credentials: auth }
  const store = registryStore({
    registries: { [host]: settings, [wrongName]: settings },
    dockerConfig: false,
    proxy: { https },
    retry: { attempts: 2, base: 5 },
  })
  t.after(() => store.close())
  const bytes = randomBytes(100_000)
  assert.equal(await store.write(`${host}/cde/a`, blobOf(bytes), sourceOf(bytes)), 'sent')
  assert.equal(await store.has(`${host}/cde/a`, blobOf(bytes)), true)
  assert.ok(asked.length > 0 && asked.every((name) => name === host))
  const untrusted = await failureOf(store.resolve(`${wrongName}/cde/a:1`))
  assert.equal(untrusted.code, 'REGISTRY_TLS', 'a certificate of another name is not accepted through a proxy either')
  allow = false
  const refused = await failureOf(store.resolve('third.invalid/cde/a:1'))
  assert.equal(refused.code, 'REGISTRY_UNREACHABLE')
  assert.match(refused.why ?? '', /403/)
})
