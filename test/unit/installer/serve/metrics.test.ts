import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { createMetrics, serveMetrics } from '../../../../installer/src/serve/metrics.ts'
import { servedSite } from './site.ts'

test('requests, bytes and failures are counted by what was asked for', async (t) => {
  const metrics = createMetrics()
  const { fetch, base, store } = await servedSite(t, { metrics })
  const blob = `/v2/cde/manager/blobs/${base.digest}`
  await fetch(blob)
  await fetch(blob, { method: 'HEAD' })
  await fetch(blob, { headers: { range: 'bytes=0-3' } })
  await fetch('/v2/cde/none/tags/list')
  await fetch('/anything/"else')
  store.open = async () => {
    throw new Error('disk gone')
  }
  await fetch(blob)
  await sleep(20)
  const lines = metrics.text({ bundles: 1 }).split('\n')
  for (const line of [
    'sealift_requests_total{kind="blob",status="200"} 2',
    'sealift_requests_total{kind="blob",status="206"} 1',
    'sealift_requests_total{kind="blob",status="500"} 1',
    'sealift_requests_total{kind="tags",status="404"} 1',
    'sealift_requests_total{kind="other",status="404"} 1',
    'sealift_failures_total 1',
    'sealift_reloads_total{result="failed"} 0',
    '# TYPE sealift_bundles gauge',
    'sealift_bundles 1',
  ])
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  const sent = Number(lines.find((line) => line.startsWith('sealift_sent_bytes_total '))?.split(' ')[1])
  assert.ok(sent > 14 && sent < 1000, String(sent))
  for (const line of lines) assert.match(line, /^$|^# (HELP|TYPE) sealift_\w+ .+$|^sealift_\w+(\{.*\})? [\d.e+]+$/)
})

test('metrics are read at an address of their own and nowhere else', async (t) => {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, async () => 'x 1\n')
  t.after(() => server.close())
  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`)
  const reply = await get('/metrics')
  assert.match(reply.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.equal(await reply.text(), 'x 1\n')
  assert.equal((await get('/')).status, 404)
  const site = await servedSite(t)
  assert.equal((await site.fetch('/metrics')).status, 404)
})

test('health is told without a login, and is bad while the server ends', async (t) => {
  const site = await servedSite(t, { auth: { username: 'a', password: 'b' } })
  assert.deepEqual((await site.fetch('/healthz')).text, '{"ok":true}')
  const socket = connect({ host: '127.0.0.1', port: Number(site.host.split(':')[1]), ca: site.caPem })
  await once(socket, 'secureConnect')
  // a request that has begun keeps the connection
  socket.write('GET /healthz HTTP/1.1\r\n')
  await sleep(50)
  const closed = site.server.close(5000)
  socket.write('host: x\r\n\r\n')
  const [answer] = await once(socket, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 503 [\s\S]*\{"ok":false\}$/)
  await closed
})
