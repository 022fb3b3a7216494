import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { observePulls } from '../../../installer/src/allowlist/observe/observe-pulls.ts'
import { published } from './published.ts'

const portOf = (host: string) => Number(host.split(':')[1])

test('observation finds a token host and a blob host that nobody declared', async (t) => {
  const { references, options, hosts, seen } = await published(t)
  const { sightings, refused } = await observePulls(references, options)
  // every name of the test is at 127.0.0.1
  const common = { scheme: 'https', inside: true, for: [...references].sort() }
  assert.deepEqual(refused, [])
  assert.deepEqual(sightings, [
    {
      ...common,
      host: 'bytes.cdn.example',
      port: portOf(hosts.bytes),
      path: '/bucket/sha256/',
      role: 'blob',
      after: 'edge.cdn.example',
    },
    {
      ...common,
      host: 'edge.cdn.example',
      port: portOf(hosts.edge),
      path: '/lead/',
      role: 'redirect',
      after: 'registry.vendor.example',
    },
    {
      ...common,
      host: 'login.elsewhere.example',
      port: portOf(hosts.login),
      path: '/api/token',
      role: 'token',
      after: 'registry.vendor.example',
    },
    { ...common, host: 'registry.vendor.example', port: portOf(hosts.registry), path: '/v2/', role: 'registry' },
  ])
  const blobs = seen.bytes ?? []
  assert.ok(blobs.length > 8, 'configs, layers and attestations of both platforms of both images')
  assert.ok(blobs.every(({ range }) => range === 'bytes=0-0'))
  assert.equal(new Set(blobs.map(({ path }) => path)).size, blobs.length, 'what several images have is asked for once')
})

test('observation follows the platforms of the release alone', async (t) => {
  const all = await published(t)
  await observePulls(all.references, all.options)
  const before = all.seen.bytes?.length ?? 0
  const progress: [number, number][] = []
  await observePulls(all.references, {
    ...all.options,
    platforms: ['linux/arm64'],
    onProgress: (done, of) => progress.push([done, of]),
  })
  const after = (all.seen.bytes?.length ?? 0) - before
  assert.ok(after > 0 && after < before, `${after} of ${before}`)
  assert.deepEqual(progress.at(-1), [after, after])
})

test('a host of blobs that knows no ranges is observed all the same', async (t) => {
  const { references, options } = await published(t, { range: false })
  const { sightings, refused } = await observePulls(references, options)
  assert.deepEqual(refused, [])
  assert.deepEqual(
    sightings.map(({ role }) => role),
    ['blob', 'redirect', 'token', 'registry'],
  )
})

test('through a proxy the same is seen, and no name is looked up beside it', async (t) => {
  const { references, options } = await published(t)
  const direct = await observePulls(references, options)
  const asked = new Set<string>()
  const proxy = createServer().listen(0, '127.0.0.1')
  proxy.on('connect', ({ url = '' }: IncomingMessage, near: Socket) => {
    asked.add(url)
    const far = connect({ host: '127.0.0.1', port: portOf(url) }, () => near.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to)
  })
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  const { sightings, refused } = await observePulls(references, {
    registry: { ...options.registry, proxy: { https: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } },
    lookup: (() => assert.fail('a name was looked up here')) as never,
  })
  assert.deepEqual(refused, [])
  assert.deepEqual(
    sightings,
    direct.sightings.map(({ inside: _, ...sighting }) => sighting),
  )
  assert.deepEqual([...asked].sort(), sightings.map(({ host, port }) => `${host}:${port}`).sort())
})
