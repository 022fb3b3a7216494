import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mediaTypes } from '../../../../bundle-spec/src/descriptor.ts'
import type { Blobs } from '../../../../installer/src/serve/shown.ts'
import { codeOf, servedSite } from './site.ts'

test('a manifest is served by tag and by digest, with its type and digest', async (t) => {
  const { fetch, manager } = await servedSite(t)
  for (const reference of ['0.1.0', 'latest', manager.digest, manager.digest.replace(':', '%3A')]) {
    const reply = await fetch(`/v2/cde/manager/manifests/${reference}`)
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], mediaTypes.manifest)
    assert.equal(reply.headers['docker-content-digest'], manager.digest)
    assert.equal(reply.text.length, manager.size)
  }
  const head = await fetch('/v2/cde/manager/manifests/latest', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, String(manager.size), ''])
  const fresh = await fetch('/v2/cde/manager/manifests/latest', { headers: { 'if-none-match': `"${manager.digest}"` } })
  assert.equal(fresh.status, 304)
})

test('a manifest of a type that the client does not accept is not sent', async (t) => {
  const { fetch } = await servedSite(t)
  const status = async (accept: string) =>
    (await fetch('/v2/cde/manager/manifests/latest', { headers: { accept } })).status
  assert.equal(await status(mediaTypes.dockerManifest), 404)
  assert.equal(await status(`${mediaTypes.dockerManifest}, ${mediaTypes.manifest};q=0.5`), 200)
  assert.equal(await status(`${mediaTypes.manifest};q=0`), 404)
  assert.equal(await status('application/*'), 200)
  assert.equal(await status('*/*'), 200)
})

test('a blob is served whole and in ranges', async (t) => {
  const { fetch, store } = await servedSite(t)
  const blob = store.put(Buffer.from('base layer'), 'application/vnd.oci.image.layer.v1.tar')
  const path = `/v2/cde/manager/blobs/${blob.digest}`
  const whole = await fetch(path)
  assert.deepEqual([whole.status, whole.text, whole.headers['accept-ranges']], [200, 'base layer', 'bytes'])
  const ranged = async (range: string, more: Record<string, string> = {}) => {
    const { status, text, headers } = await fetch(path, { headers: { range, ...more } })
    return [status, text, headers['content-range']]
  }
  assert.deepEqual(await ranged('bytes=0-3'), [206, 'base', 'bytes 0-3/10'])
  assert.deepEqual(await ranged('bytes=5-'), [206, 'layer', 'bytes 5-9/10'])
  assert.deepEqual(await ranged('bytes=-2'), [206, 'er', 'bytes 8-9/10'])
  assert.deepEqual(await ranged('bytes=5-999999'), [206, 'layer', 'bytes 5-9/10'])
  assert.deepEqual(await ranged('bytes=10-'), [416, '', 'bytes */10'])
  for (const odd of ['bytes=5-2', 'bytes=-', 'bytes=a-b', 'bytes=0-1,3-4', 'lines=0-1', `bytes=${'9'.repeat(400)}-`])
    assert.deepEqual((await ranged(odd)).slice(0, 2), [200, 'base layer'], odd)
  assert.deepEqual((await ranged('bytes=0-3', { 'if-range': '"other"' }))[0], 200)
  assert.deepEqual((await ranged('bytes=0-3', { 'if-range': `"${blob.digest}"` }))[0], 206)
  const head = await fetch(path, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '10', ''])
})

test('a repository shows only what its own names reach', async (t) => {
  const { fetch, store, workspace } = await servedSite(t)
  const base = store.put(Buffer.from('base layer'), 'x/y').digest
  const own = store.put(Buffer.from('workspace layer'), 'x/y').digest
  const hidden = store.put(Buffer.from('in the store, under no name'), 'x/y').digest
  const status = async (path: string) => (await fetch(path)).status
  assert.equal(await status(`/v2/cde/workspace/blobs/${own}`), 200)
  assert.equal(await status(`/v2/cde/workspace/blobs/${base}`), 200)
  assert.equal(await status(`/v2/cde/manager/blobs/${base}`), 200)
  assert.equal(await status(`/v2/cde/manager/blobs/${own}`), 404)
  assert.equal(await status(`/v2/cde/manager/blobs/${hidden}`), 404)
  assert.equal(await status(`/v2/cde/manager/manifests/${workspace.digest}`), 404)
  assert.equal(await status(`/v2/cde/manager/manifests/${base}`), 404, 'a blob is not a manifest')
})

test('catalog and tags are given in pages that link to the next', async (t) => {
  const { fetch } = await servedSite(t)
  assert.deepEqual(JSON.parse((await fetch('/v2/_catalog')).text), { repositories: ['cde/manager', 'cde/workspace'] })
  const first = await fetch('/v2/cde/manager/tags/list?n=1')
  assert.deepEqual(JSON.parse(first.text), { name: 'cde/manager', tags: ['0.1.0'] })
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.link ?? '')?.[1]
  const second = await fetch(next ?? '')
  assert.deepEqual(JSON.parse(second.text).tags, ['latest'])
  assert.equal(second.headers.link, undefined)
  assert.deepEqual(JSON.parse((await fetch('/v2/cde/manager/tags/list?n=0')).text).tags, [])
  assert.deepEqual(JSON.parse((await fetch('/v2/cde/manager/tags/list?last=0.1.0')).text).tags, ['latest'])
  assert.equal((await fetch('/v2/cde/manager/tags/list?n=-1')).status, 400)
  assert.equal(codeOf(await fetch('/v2/cde/none/tags/list')), 'NAME_UNKNOWN')
})

test('referrers are always an index, filtered by type on request', async (t) => {
  const { fetch, manager, signature } = await servedSite(t)
  const list = async (path: string) => {
    const reply = await fetch(path)
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], mediaTypes.index)
    return JSON.parse(reply.text).manifests
  }
  const path = `/v2/cde/manager/referrers/${manager.digest}`
  const artifactType = 'application/vnd.example.signature'
  const { mediaType, digest, size } = signature
  assert.deepEqual(await list(path), [{ mediaType, digest, size, artifactType, annotations: { by: 'the vendor' } }])
  assert.equal((await list(`${path}?artifactType=${artifactType}`)).length, 1)
  assert.equal((await list(`${path}?artifactType=other/type`)).length, 0)
  assert.deepEqual(await list(`/v2/cde/manager/referrers/sha256:${'0'.repeat(64)}`), [])
  assert.deepEqual(await list(`/v2/cde/none/referrers/${manager.digest}`), [])
  assert.equal((await fetch('/v2/cde/manager/referrers/sha256:abc')).status, 400)
})

test('what is wrong gets the right code', async (t) => {
  const { fetch } = await servedSite(t)
  const missing = `sha256:${'0'.repeat(64)}`
  const cases: [string, number, string][] = [
    ['/v2/cde/manager/blobs/sha256:abc', 400, 'DIGEST_INVALID'],
    [`/v2/cde/manager/blobs/sha512:${'0'.repeat(128)}`, 400, 'DIGEST_INVALID'],
    [`/v2/cde/manager/blobs/${missing.toUpperCase()}`, 400, 'DIGEST_INVALID'],
    [`/v2/cde/manager/blobs/${missing}`, 404, 'BLOB_UNKNOWN'],
    ['/v2/cde/manager/manifests/none', 404, 'MANIFEST_UNKNOWN'],
    ['/v2/cde/manager/manifests/.hidden', 400, 'MANIFEST_INVALID'],
    [`/v2/cde/none/manifests/${missing}`, 404, 'NAME_UNKNOWN'],
    ['/v2/CDE/manager/manifests/latest', 400, 'NAME_INVALID'],
    ['/', 404, 'UNSUPPORTED'],
    ['/v2/x', 404, 'UNSUPPORTED'],
  ]
  for (const [path, status, code] of cases) {
    const reply = await fetch(path)
    assert.deepEqual([reply.status, codeOf(reply)], [status, code], path)
  }
})

test('nothing can be written', async (t) => {
  const { fetch, manager } = await servedSite(t)
  for (const [method, path] of [
    ['POST', '/v2/cde/manager/blobs/uploads/'],
    ['PUT', '/v2/cde/manager/manifests/latest'],
    ['PATCH', '/v2/cde/manager/blobs/uploads/abc'],
    ['GET', '/v2/cde/manager/blobs/uploads/abc'],
    ['DELETE', `/v2/cde/manager/manifests/${manager.digest}`],
  ] as const) {
    const reply = await fetch(path, { method })
    assert.deepEqual([reply.status, codeOf(reply)], [405, 'UNSUPPORTED'], `${method} ${path}`)
  }
})

test('with a login nothing is told without it', async (t) => {
  const { fetch } = await servedSite(t, { auth: { username: 'site', password: 'p:w' } })
  const basic = (pair: string) => ({ headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } })
  for (const path of ['/v2/', '/v2/_catalog', '/v2/cde/manager/manifests/latest', '/none']) {
    const reply = await fetch(path)
    assert.deepEqual([reply.status, codeOf(reply)], [401, 'UNAUTHORIZED'])
    assert.match(reply.headers['www-authenticate'] ?? '', /^Basic realm=/)
    assert.equal((await fetch(path, basic('site:wrong'))).status, 401)
  }
  assert.equal((await fetch('/v2/', basic('site:p:w'))).status, 200)
})

test('each request is logged, without headers and queries', async (t) => {
  const lines: string[] = []
  const keep = (fields: unknown) => {
    lines.push(JSON.stringify(fields))
  }
  const { fetch } = await servedSite(t, {
    auth: { username: 'site', password: 'swordfish' },
    log: { info: keep, error: keep } as never,
  })
  const pair = Buffer.from('site:swordfish').toString('base64')
  await fetch('/v2/_catalog?token=hush', { headers: { authorization: `Basic ${pair}` } })
  await sleep(20)
  assert.equal(lines.length, 1)
  const { method, path, status } = JSON.parse(lines[0] ?? '')
  assert.deepEqual([method, path, status], ['GET', '/v2/_catalog', 200])
  assert.doesNotMatch(lines.join(), new RegExp(`${pair}|hush|swordfish`))
})

test('closing lets a request under way end and takes no other', async (t) => {
  const site = await servedSite(t)
  const reading = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const open = site.store.open
  site.store.open = async (...all) => {
    reading.resolve()
    await go.promise
    return open(...all)
  }
  const reply = site.fetch(`/v2/cde/manager/blobs/${site.base.digest}`)
  await reading.promise
  const start = performance.now()
  const closed = site.server.close(5000)
  go.resolve()
  assert.equal((await reply).status, 200)
  await closed
  assert.ok(performance.now() - start < 1000, 'the grace is not used up when nothing is under way')
  await assert.rejects(site.fetch('/v2/'))
})

test('a client that sends its request too slowly is cut', async (t) => {
  const site = await servedSite(t, { limits: { request: 300 }, tls: undefined as never })
  const socket = connect({ host: '127.0.0.1', port: Number(site.host.split(':')[1]) })
  t.after(() => socket.destroy())
  socket.write('GET /v2/ HTTP/1.1\r\nhost: x\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  assert.match(text, /^HTTP\/1\.1 408 /)
})

test('content that cannot be read is an error of the server, or a cut answer, never a wrong one', async (t) => {
  const site = await servedSite(t)
  const blob = site.store.put(Buffer.from('base layer'), 'x/y')
  const path = `/v2/cde/manager/blobs/${blob.digest}`
  site.store.open = async () => {
    throw new Error('disk gone: /secret/path')
  }
  const refused = await site.fetch(path)
  assert.deepEqual([refused.status, codeOf(refused)], [500, 'UNKNOWN'])
  assert.doesNotMatch(refused.text, /secret/)
})

test('a blob that turns out to be another while it is sent never arrives whole', async (t) => {
  const content = Buffer.alloc(600_000, 'x')
  let cutAt = content.length
  let sound = true
  const blobs: Blobs = {
    hold: async () => ({
      read: async (buffer, length, position) => content.copy(buffer, 0, position, Math.min(position + length, cutAt)),
      async confirm() {
        if (!sound) throw new Error('changed')
      },
      release: () => {},
    }),
  }
  const logged: unknown[] = []
  const site = await servedSite(t, {
    blobs,
    log: { info: () => {}, error: (line: unknown) => logged.push(line) } as never,
  })
  const descriptor = site.largeBlob(content)
  const path = `/v2/cde/manager/blobs/${descriptor.digest}`
  assert.equal((await site.fetch(path)).text.length, content.length)
  sound = false
  await assert.rejects(site.fetch(path))
  await assert.rejects(site.fetch(path, { headers: { range: 'bytes=0-7' } }))
  sound = true
  cutAt = 300_000
  await assert.rejects(site.fetch(path))
  assert.equal(logged.length, 3)
})

test('a certificate that does not belong to its key is told before anything listens', async (t) => {
  const tls = { certificate: 'no certificate', key: 'no key' }
  await assert.rejects(servedSite(t, { tls }), { code: 'USAGE_CERTIFICATE' })
})
