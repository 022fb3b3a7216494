import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { exemptOf } from '../../../installer/src/allowlist/exempt.ts'
import { proxyFor } from '../../../installer/src/stores/registry/proxy.ts'

const exempt = exemptOf({
  answers: {
    ...{
      mode: 'restricted',
      host: 'cde.site.test',
      devUrlsHost: 'dev.site.test',
      release: 'vendor.test/cde/release:1',
    },
    registry: { kind: 'existing', address: 'harbor.site.test:5000/mirror' },
    database: { host: '192.0.2.9', passwordFile: '/p' },
    proxy: { exempt: ['.git.test'] },
  },
}).join(',')
const direct = ['cde.site.test', '8000-box-ann.dev.site.test', 'harbor.site.test', '192.0.2.9', 'a.git.test']
const through = ['vendor.test', 'site.test', 'xcde.site.test', 'devsite.test', '192.0.2.90']

test('Node.js and curl go around the proxy for the same hosts as containerd, which reads it as Go does', async (t) => {
  const asked: string[] = []
  const server = createServer().on('connect', (request, socket) => {
    asked.push(`${request.url}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const urls = [...direct, ...through].map((host) => `https://${host}/`)
  const wanted = through.map((host) => `${host}:443`)
  const settings = { https: proxy, except: exempt }
  assert.deepEqual(
    urls.filter((url) => proxyFor(new URL(url), settings) !== undefined),
    through.map((host) => `https://${host}/`),
  )
  const env = { PATH: process.env.PATH, HTTPS_PROXY: proxy, NO_PROXY: exempt, NODE_USE_ENV_PROXY: '1' }
  const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { env }).catch(() => {})
  // addresses of documentation (RFC 5737) may be cut off or lead to nowhere
  // fetch and node:https read it each in a way of its own
  const script = `import { get } from 'node:https'
    const byFetch = (url) => fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => {})
    const byHttps = (url) => new Promise((done) => get(url, { timeout: 2000 }).on('timeout', done).on('error', done).on('response', done))
    await Promise.all(${JSON.stringify(urls)}.flatMap((url) => [byFetch(url), byHttps(url)]))
    process.exit()`
  await run(process.execPath, '--input-type=module', '--eval', script)
  assert.deepEqual(asked.splice(0).sort(), [...wanted, ...wanted].sort())
  await Promise.all(urls.map((url) => run('curl', '-s', '-m', '2', '-o', '/dev/null', url)))
  assert.deepEqual(asked.sort(), wanted.toSorted())
})
