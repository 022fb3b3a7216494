import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import type { Blobs } from '../../installer/src/serve/shown.ts'
import { servedSite } from '../unit/installer/serve/site.ts'

/** Sends bytes as they are, as no client would, and returns the status line and body. */
async function raw(t: TestContext, site: { host: string; caPem: string }, request: string): Promise<string> {
  const [host = '', port] = site.host.split(':')
  const socket = connect({ host, port: Number(port), ca: site.caPem })
  t.after(() => socket.destroy())
  socket.setTimeout(5000, () => socket.destroy(new Error('no answer')))
  socket.write(request)
  let text = ''
  try {
    for await (const chunk of socket) text += chunk
  } catch (error) {
    if (text === '') throw error
  }
  return text
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`

test('no path leads out of the catalog', async (t) => {
  const site = await servedSite(t)
  for (const path of [
    '/v2/../../etc/passwd',
    '/v2/cde/../../../etc/passwd/blobs/x',
    '/v2/%2e%2e/%2e%2e/etc/manifests/latest',
    '/v2/cde%2fmanager%2f..%2fworkspace/manifests/0.1.0',
    '/v2/cde/manager/manifests/..',
    '/v2/cde/manager/manifests/%2e%2e%2f%2e%2e',
    '/v2/cde/manager/blobs/../../../../etc/passwd',
    '/v2/cde/manager/manifests/latest%00',
    '/v2/cde/manager/manifests/%252e%252e',
    '/v2/cde//manager/manifests/latest',
    '/v2/cde\\manager/manifests/latest',
    '/v2/__proto__/manifests/latest',
    '/v2/cde/manager/manifests/__proto__',
    '/v2/cde/manager/manifests/constructor',
    '/v2/%ff/manifests/latest',
    '/v2/%/manifests/latest',
    '//v2/_catalog',
    'http://other.example/v2/_catalog',
    '*',
  ]) {
    const answer = await raw(t, site, get(path))
    assert.match(answer, /^HTTP\/1\.1 40[04] /, path)
    assert.doesNotMatch(answer, /root:|schemaVersion/, path)
  }
})

test('a repository name of any length costs nothing', async (t) => {
  const site = await servedSite(t)
  const start = performance.now()
  for (const name of ['a-'.repeat(7000), 'a__'.repeat(4500), 'a/'.repeat(7000), '%61'.repeat(5000)])
    assert.match(await raw(t, site, get(`/v2/${name}/manifests/latest`)), /^HTTP\/1\.1 400 /)
  assert.ok(performance.now() - start < 2000)
})

test('headers beyond the limit, and requests that are none, are refused', async (t) => {
  const site = await servedSite(t)
  assert.match(await raw(t, site, get('/v2/', `x-large: ${'a'.repeat(20_000)}\r\n`)), /^HTTP\/1\.1 431 /)
  assert.match(await raw(t, site, 'no http at all\r\n\r\n'), /^HTTP\/1\.1 400 /)
  const second = 'GET /v2/_catalog HTTP/1.1\r\nhost: x\r\n\r\n'
  const smuggled = `GET /v2/ HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${second}`
  assert.doesNotMatch(await raw(t, site, smuggled), /repositories/, 'what lengths could hide is not answered')
  assert.equal((await site.fetch('/v2/')).status, 200, 'others are still served')
})

test('a large body that nobody asked for is not read', async (t) => {
  const site = await servedSite(t)
  const upload = `PUT /v2/cde/manager/manifests/latest HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n${'x'.repeat(100_000)}`
  const answer = await raw(t, site, upload)
  assert.match(answer, /^HTTP\/1\.1 405 /)
  assert.match(answer, /connection: close/i)
})

test('clients that stop in the middle of a blob leave nothing held', async (t) => {
  const content = Buffer.alloc(64 << 20, 'x')
  let held = 0
  const blobs: Blobs = {
    async hold() {
      held++
      return {
        read: async (buffer, length, position) => content.copy(buffer, 0, position, position + length),
        confirm: async () => {},
        release: () => {
          held--
        },
      }
    },
  }
  const site = await servedSite(t, { blobs })
  const { digest } = site.largeBlob(content)
  const [host = '', port] = site.host.split(':')
  for (let i = 0; i < 8; i++) {
    const socket = connect({ host, port: Number(port), ca: site.caPem })
    // two requests in one: the second answer waits for the first, and must end with it
    socket.write(get(`/v2/cde/manager/blobs/${digest}`).replace('close', 'keep-alive').repeat(2))
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
  }
  for (let i = 0; i < 150 && held > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(held, 0)
})
