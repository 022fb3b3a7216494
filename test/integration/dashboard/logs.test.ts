import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pageNames } from '../../../services/dashboard/pages.ts'
import { headers, mark, query, secret } from '../../fixtures/planted.ts'
import { startService } from '../service-process.ts'

test('no line of the dashboard has a query, a cookie or a token', async (t) => {
  const service = await startService(t, fileURLToPath(import.meta.resolve('../../../services/dashboard/server.ts')))
  const paths = [
    '/',
    ...pageNames.map((name) => `/${name}`),
    '/assets/x.js',
    '/workspaces/a/terminal',
    '/nowhere',
    '/%ff',
  ]
  for (const path of paths) {
    await (await fetch(`${service.url}${path}?${query}`, { headers })).arrayBuffer()
    await (await fetch(`${service.url}${path}?${query}`, { method: 'POST', body: secret, headers })).arrayBuffer()
  }
  for (const raw of [`GET /?${query} HTTP/1.1\r\nhost: x\r\ncookie: \0${secret}\r\n\r\n`, `${secret}\r\n\r\n`]) {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    socket.write(raw)
    await text(socket).catch(() => '')
  }
  service.child.kill('SIGTERM')
  await once(service.child, 'exit')
  assert.match(service.log(), /"path":"\/workspaces\/a\/terminal"/, 'paths are there')
  assert.doesNotMatch(service.log(), new RegExp(mark))
})
