import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { headers, mark, query, secret } from '../../fixtures/planted.ts'
import { startService } from '../service-process.ts'
import { signingKey } from './guarded.ts'
import { listen, path, workspace } from './site.ts'

test('no line of the envproxy has a query, a cookie, a ticket or a token', async (t) => {
  const key = await signingKey()
  // by turns: yes, no, a status of its own, and what is no JSON
  const says = [`{"grant":"${secret}","id":"d","workspace":"${workspace}","port":80,"access":"authed"}`, '', secret]
  let calls = 0
  const manager = await listen(
    t,
    createServer((request, answer) => {
      answer.setHeader('content-type', 'application/json')
      if (request.url === '/auth/jwks') return void answer.end(JSON.stringify(key.jwks))
      calls += 1
      answer.statusCode = [200, 403, 200][calls % 3] as number
      answer.end(says[calls % 3])
    }),
  )
  const directory = await temporaryDirectory(t)
  await writeFile(join(directory, 'key'), `${secret}${secret}`)
  const service = await startService(t, fileURLToPath(import.meta.resolve('../../../services/envproxy/server.ts')), {
    MANAGER_URL: `http://127.0.0.1:${manager}`,
    WORKSPACE_HOST_SUFFIX: '.invalid',
    INTERNAL_KEY_FILE: join(directory, 'key'),
    ACCESS_URL: 'https://cde.example',
    DEVURLS_HOST: 'dev.example',
  })
  const port = Number(new URL(service.url).port)
  const ticket = () =>
    key.sign({ sub: 'user-1', credential: 'session:1', workspace, port: 26337, path }, 'envproxy', 60, 'one')
  const send = async (request: string, host: string, more: Record<string, string>) => {
    const socket = connect(port, '127.0.0.1')
    const all = { host, ...headers, connection: 'close', ...more }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    socket.write(`${request} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    return await text(socket).catch(() => '')
  }
  const upgrade = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }
  const tickets: string[] = []
  for (const one of ['cde.example', '', 'x.dev.example'])
    for (const place of ['/', '/healthz', '/nowhere', '/.cde/enter', path, path.replace('shell', 'ide'), `${path}/%ff`])
      for (let turn = 0; turn < 3; turn += 1) {
        const good = await ticket()
        // another dev URL each time: what the manager said of one is remembered
        const host = one || `${tickets.length}-box-ann.dev.example`
        tickets.push(good)
        await send(`GET ${place}?${query}`, host, {})
        await send(`GET ${place}?ticket=${good}&to=/`, host, {})
        await send(`POST ${place}?${query}`, host, { 'content-length': '0' })
        for (const offered of [secret, good])
          await send(`GET ${place}?${query}`, host, {
            ...upgrade,
            'sec-websocket-protocol': `cde.shell.v1, ticket.${offered}`,
          })
      }
  await send(`GET /?${query}`, `cde.example\r\ncookie: \0${secret}`, {})
  await send(`${secret} /?${query}`, 'cde.example', {})
  assert.ok(calls > 10)
  service.child.kill('SIGINT')
  await once(service.child, 'exit')
  const log = service.log()
  assert.match(log, /refused/, 'it says something')
  assert.doesNotMatch(log, new RegExp(mark))
  for (const one of tickets) assert.ok(!log.includes(one.split('.')[2] ?? ''), 'a ticket is in the log')
})
