import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import { dashboard } from '../../../../services/dashboard/app.ts'
import { pageNames } from '../../../../services/dashboard/pages.ts'
import { buildDashboard } from '../../../../services/dashboard/web/build.ts'
import { pageOf } from '../../../../services/dashboard/web/location.ts'
import { readMessage } from '../../../../services/dashboard/web/terminal/shell-connection.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'

async function served(t: TestContext) {
  const directory = await temporaryDirectory(t)
  await buildDashboard(directory)
  const app = Fastify()
  await app.register(dashboard, { directory })
  t.after(() => app.close())
  return { app, directory }
}

test('every answer carries a strict content security policy, failures too', async (t) => {
  const { app } = await served(t)
  for (const url of [
    '/',
    '/license',
    '/workspaces/abcdefghij/terminal',
    '/nowhere',
    '/assets/nothing.js',
    '/healthz',
  ]) {
    const { headers } = await app.inject({ url })
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/, url)
    assert.match(policy, /connect-src 'self'/, url)
    assert.doesNotMatch(policy, /unsafe|https?:|\*/, url)
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['x-frame-options'], 'DENY', url)
  }
})

test('pages are asked for each time and answer 304; assets are kept forever', async (t) => {
  const { app, directory } = await served(t)
  const page = await app.inject({ url: '/' })
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.equal(page.headers['cache-control'], 'no-cache')
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
  assert.equal(again.statusCode, 304)
  for (const name of await readdir(join(directory, 'assets'))) {
    assert.match(name, /-[A-Z0-9]{8}\.(js|css|svg)$/)
    const asset = await app.inject({ url: `/assets/${name}` })
    assert.equal(asset.statusCode, 200)
    assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
  }
})

test('only the built files are served', async (t) => {
  const { app } = await served(t)
  for (const url of [
    '/assets/../index.html',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2findex.html',
    '/assets/',
    '/index.html',
    '/workspaces/ABC/terminal/x',
  ]) {
    const { statusCode } = await app.inject({ url })
    assert.ok(statusCode === 404 || statusCode === 403, `${url} answers ${statusCode}`)
  }
  assert.equal((await app.inject({ url: '/', method: 'POST' })).statusCode, 404)
})

test('the page has no inline script or style and names no other host; two builds are the same', async (t) => {
  const { directory } = await served(t)
  const second = await temporaryDirectory(t)
  await buildDashboard(second)
  const html = await readFile(join(directory, 'index.html'), 'utf8')
  assert.doesNotMatch(html, /<script>|<style|\son\w+=|style=|https?:|%[A-Z]+%/)
  const names = await readdir(join(directory, 'assets'))
  assert.deepEqual(await readdir(join(second, 'assets')), names)
  for (const name of names) {
    const text = await readFile(join(directory, 'assets', name), 'utf8')
    assert.equal(await readFile(join(second, 'assets', name), 'utf8'), text)
    if (name.endsWith('.css')) assert.doesNotMatch(text, /@import|url\(/)
  }
})

test('health is 503 or 500, not 200, when the web files are missing', async (t) => {
  const directory = await temporaryDirectory(t)
  const app = Fastify()
  t.after(() => app.close())
  await app.register(dashboard, { directory })
  assert.ok((await app.inject({ url: '/healthz' })).statusCode >= 500)
})

test('every page can be opened by its address, as a reload does', async (t) => {
  const { app } = await served(t)
  const below = ['terminal', 'dev-urls'].map((door) => `workspaces/abcdefghij/${door}`)
  for (const path of ['', ...pageNames, ...below]) {
    const { statusCode, headers } = await app.inject({ url: `/${path}` })
    assert.deepEqual([statusCode, headers['content-type']], [200, 'text/html; charset=utf-8'], path)
    assert.equal(pageOf(`/${path}`).name, path.split('/').at(-1) || 'workspaces')
  }
})

test('a path names a page, and anything else is the list', () => {
  assert.deepEqual(pageOf('/workspaces/abcdefghij/terminal'), { name: 'terminal', workspace: 'abcdefghij' })
  assert.deepEqual(pageOf('/license'), { name: 'license' })
  assert.deepEqual(pageOf('/workspaces/../terminal'), { name: 'workspaces' })
})

test('a text frame that is not about the session is ignored', () => {
  assert.deepEqual(readMessage('{"type":"session","id":"x"}'), { type: 'session', id: 'x' })
  assert.deepEqual(readMessage('{"type":"exit","code":7}'), { type: 'exit', code: 7 })
  for (const text of ['', 'null', '[]', '{"type":"session"}', '{"type":"other"}'])
    assert.equal(readMessage(text), undefined)
})
