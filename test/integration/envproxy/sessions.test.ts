import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { noActivity } from '../../../services/envproxy/activity.ts'
import type { Notices, Told } from '../../../services/envproxy/notices.ts'
import { connected, echo, listen, path, refusal, startSite } from './site.ts'

const acceptOf = (request: IncomingMessage) =>
  createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')

const notice = {
  id: 'a',
  kind: 'upgrade',
  says: 'CDE is upgraded.',
  startsAt: '2026-01-01T00:05:00Z',
  endsAt: '2026-01-01T00:30:00Z',
}

/** A workspace that speaks raw bytes once the handshake is over. */
const raw =
  (then: (socket: Socket, head: Buffer) => void) => (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request)}\r\nSet-Cookie: session_token=stolen\r\n\r\n`,
    )
    then(socket, head)
  }

/** Sends an upgrade request by hand; resolves with the socket when the answer's head has come, and what followed. */
async function upgrade(port: number, ticket: string, extra = '', behind = '') {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: cde.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Protocol: ticket.${ticket}\r\n${extra}\r\n${behind}`,
  )
  let received = Buffer.alloc(0)
  while (!received.includes('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    received = Buffer.concat([received, chunk])
  }
  const end = received.indexOf('\r\n\r\n') + 4
  socket.pause()
  return { socket, head: received.subarray(0, end).toString('latin1'), rest: received.subarray(end) }
}

test('16 MB go through in both directions and come back equal', async (t) => {
  const site = await startSite(t, echo())
  const websocket = await connected(site.url, await site.ticket())
  assert.equal(websocket.protocol, 'cde.shell.v1')
  const sent = randomBytes(16 * 1024 * 1024)
  websocket.send(sent)
  const [back] = (await once(websocket, 'message')) as [Buffer]
  assert.equal(createHash('sha256').update(back).digest('hex'), createHash('sha256').update(sent).digest('hex'))
  websocket.terminate()
})

test('the workspace sees Host, Origin, query and forwarded headers but no cookie, token or ticket', async (t) => {
  const requests: IncomingMessage[] = []
  const site = await startSite(
    t,
    echo((request) => requests.push(request)),
  )
  const websocket = await connected(`${site.url}?cols=100&rows=30`, await site.ticket(), {
    host: 'cde.example:8443',
    origin: 'https://cde.example:8443',
    cookie: 'session_token=secret',
    authorization: 'Bearer secret',
    'session-token': 'secret',
    'x-forwarded-for': '192.0.2.7',
  })
  const request = requests[0]
  assert.equal(request?.url, '/shell?cols=100&rows=30')
  assert.equal(request?.headers.host, 'cde.example:8443')
  assert.equal(request?.headers.origin, 'https://cde.example:8443')
  assert.equal(request?.headers['x-forwarded-for'], '192.0.2.7')
  assert.equal(request?.headers['sec-websocket-protocol'], 'cde.shell.v1')
  assert.doesNotMatch(JSON.stringify(request?.rawHeaders), /secret|ticket/i)
  websocket.terminate()
})

test('a header that Connection names ends at the proxy, Host does not even then', async (t) => {
  const seen = Promise.withResolvers<IncomingMessage>()
  const site = await startSite(t, (request, socket, head) => {
    seen.resolve(request)
    raw(() => {})(request, socket, head)
  })
  const { socket } = await upgrade(site.port, await site.ticket(), 'X-Hop: 1\r\nConnection: x-hop, host\r\n')
  const { headers } = await seen.promise
  assert.equal(headers['x-hop'], undefined)
  assert.equal(headers.host, 'cde.example')
  socket.destroy()
})

test('a request with a body, two Hosts or an old version is refused', async (t) => {
  const site = await startSite(t, echo())
  const ticket = await site.ticket()
  for (const extra of ['Content-Length: 4\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: other\r\n']) {
    const { socket, head } = await upgrade(site.port, ticket, extra)
    assert.match(head, /^HTTP\/1\.1 400 /, extra)
    socket.destroy()
  }
})

test('bytes sent right behind the request reach the workspace, and a cookie set by the workspace reaches nobody', async (t) => {
  const site = await startSite(
    t,
    raw((socket, head) => {
      if (head.length > 0) socket.write(`head:${head}`)
      socket.on('data', (chunk) => socket.write(`data:${chunk}`))
    }),
  )
  const { socket, head, rest } = await upgrade(site.port, await site.ticket(), '', 'early')
  assert.match(head, /^HTTP\/1\.1 101 /)
  assert.doesNotMatch(head, /cookie/i)
  socket.resume()
  const answer = rest.length > 0 ? rest : ((await once(socket, 'data')) as [Buffer])[0]
  assert.match(answer.toString(), /^(head|data):early$/)
  socket.destroy()
})

test('an end in one direction leaves the other open until it ends too', async (t) => {
  const ended = Promise.withResolvers<void>()
  const site = await startSite(
    t,
    raw((socket) => {
      socket.resume().on('end', () => {
        ended.resolve()
        setTimeout(() => socket.end('the rest'), 100)
      })
    }),
  )
  const { socket } = await upgrade(site.port, await site.ticket())
  socket.end('bye')
  await ended.promise
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  socket.resume()
  await once(socket, 'end')
  assert.equal(text, 'the rest')
  for (let i = 0; i < 50 && site.envproxy.sessions() > 0; i += 1) await sleep(20)
  assert.equal(site.envproxy.sessions(), 0)
})

test('a client that vanishes ends the connection to the workspace', async (t) => {
  const closed = Promise.withResolvers<void>()
  const site = await startSite(
    t,
    raw((socket) => {
      socket.resume().on('close', () => closed.resolve())
      socket.on('error', () => {})
    }),
  )
  const { socket } = await upgrade(site.port, await site.ticket())
  assert.equal(site.envproxy.sessions(), 1)
  socket.resetAndDestroy()
  await closed.promise
  for (let i = 0; i < 50 && site.envproxy.sessions() > 0; i += 1) await sleep(20)
  assert.equal(site.envproxy.sessions(), 0)
})

test('a reader that stops makes the writer stop, and nothing is lost when it reads on', async (t) => {
  const total = 64 * 1024 * 1024
  let written = 0
  const site = await startSite(
    t,
    raw((socket) => {
      const chunk = Buffer.alloc(65_536, 7)
      const pump = () => {
        while (written < total) {
          written += chunk.length
          if (!socket.write(chunk)) {
            socket.once('drain', pump)
            return
          }
        }
        socket.end()
      }
      pump()
    }),
  )
  const { socket, rest } = await upgrade(site.port, await site.ticket())
  await sleep(600)
  const stalledAt = written
  assert.ok(stalledAt < total / 2, `the writer went on to ${stalledAt} bytes`)
  await sleep(300)
  assert.equal(written, stalledAt)
  let read = rest.length
  socket.on('data', (chunk) => {
    read += chunk.length
  })
  socket.resume()
  await once(socket, 'end')
  assert.equal(read, total)
  socket.destroy()
})

test('a workspace that answers anything but 101 gets no connection that later requests could share', async (t) => {
  const site = await startSite(t, (_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  const { socket, head } = await upgrade(site.port, await site.ticket(), '', 'GET /api/v0/me HTTP/1.1\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 502 /)
  assert.match(head, /connection: close/i)
  socket.resume()
  await once(socket, 'end')
  socket.destroy()
})

test('a workspace that listens only a moment later is reached', async (t) => {
  const late = createServer()
  late.on('upgrade', echo())
  const port = await listen(t, createServer())
  const site = await startSite(t, () => {}, { locate: () => ({ host: '127.0.0.2', port }) })
  const door = site.guard(late)
  const opening = connected(site.url, await site.ticket())
  await sleep(400)
  door.listen(port, '127.0.0.2')
  t.after(() => door.close())
  const websocket = await opening
  websocket.terminate()
})

test('a workspace that is silent, gone or wrong in its handshake is 504 or 502', async (t) => {
  const silent = await startSite(t, () => {}, { handshakeMs: 150 })
  assert.equal(await refusal(silent.url, [`ticket.${await silent.ticket()}`]), '504 WORKSPACE_TIMEOUT')
  const gone = await startSite(t, () => {}, { locate: () => ({ host: '127.0.0.1', port: 1 }) })
  assert.equal(await refusal(gone.url, [`ticket.${await gone.ticket()}`]), '502 WORKSPACE_UNREACHABLE')
  const wrong = await startSite(t, (_request, socket) => {
    socket.write('HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n')
  })
  assert.equal(await refusal(wrong.url, [`ticket.${await wrong.ticket()}`]), '502 WORKSPACE_REFUSED')
})

test('sessions are limited per user and in total, and freed when they end', async (t) => {
  const site = await startSite(t, echo(), { maxSessionsPerUser: 2, maxSessions: 3 })
  const first = await connected(site.url, await site.ticket())
  await connected(site.url, await site.ticket())
  assert.equal(await refusal(site.url, [`ticket.${await site.ticket()}`]), '429 SESSIONS_USER')
  await connected(site.url, await site.ticket({ sub: 'user-2' }))
  assert.equal(await refusal(site.url, [`ticket.${await site.ticket({ sub: 'user-3' })}`]), '503 SESSIONS_TOTAL')
  first.terminate()
  for (let i = 0; i < 50 && site.envproxy.sessions() > 2; i += 1) await sleep(20)
  const again = await connected(site.url, await site.ticket())
  again.terminate()
})

test('a session without a byte in either direction ends after the idle time', async (t) => {
  const site = await startSite(t, echo(), { idleMs: 200 })
  const websocket = await connected(site.url, await site.ticket())
  const [code] = (await once(websocket, 'close')) as [number]
  assert.equal(code, 1006)
  for (let i = 0; i < 50 && site.envproxy.sessions() > 0; i += 1) await sleep(20)
  assert.equal(site.envproxy.sessions(), 0)
})

test('draining turns /healthz to 503, keeps sessions, and close waits for them', async (t) => {
  const site = await startSite(t, echo())
  const websocket = await connected(site.url, await site.ticket())
  assert.equal((await fetch(`http://127.0.0.1:${site.port}/healthz`)).status, 200)
  site.envproxy.drain()
  assert.equal((await fetch(`http://127.0.0.1:${site.port}/healthz`)).status, 503)
  let closed = false
  const closing = site.envproxy.app.close().then(() => {
    closed = true
  })
  await sleep(100)
  await assert.rejects(connected(site.url, await site.ticket()))
  websocket.send('still here')
  const [back] = (await once(websocket, 'message')) as [Buffer]
  assert.equal(back.toString(), 'still here')
  assert.equal(closed, false)
  websocket.close()
  await closing
})

test('metrics count sessions and refusals', async (t) => {
  const site = await startSite(t, echo())
  const websocket = await connected(site.url, await site.ticket())
  await refusal(site.url, ['cde.shell.v1'])
  const text = await (await fetch(`http://127.0.0.1:${site.port}/metrics`)).text()
  assert.match(text, /^envproxy_sessions 1$/m)
  assert.match(text, /^envproxy_refused_total\{code="TICKET_MISSING"\} 1$/m)
  websocket.terminate()
})

test('a terminal is in use while its programs print or someone types, and not when it is merely open', async (t) => {
  const marks: string[] = []
  const activity = { ...noActivity, mark: (id: string) => void marks.push(id) }
  const terminals = new WebSocketServer({ noServer: true })
  let print: (text: string) => void = () => {}
  const site = await startSite(
    t,
    (request, socket, head) =>
      terminals.handleUpgrade(request, socket, head, (one) => {
        print = (text) => one.send(text)
        const beat = setInterval(() => one.ping(), 100)
        one.on('close', () => clearInterval(beat))
      }),
    { activity, lookMs: 100 },
  )
  const websocket = await connected(site.url, await site.ticket())
  t.after(() => websocket.terminate())
  const marked = async () => {
    marks.length = 0
    await sleep(350)
    return marks.length > 0
  }
  await sleep(200)
  assert.equal(await marked(), false, 'pings and pongs are no use')
  print('compiling '.repeat(10))
  assert.equal(await marked(), true)
  websocket.send('x'.repeat(60))
  assert.equal(await marked(), true)
  assert.equal(await marked(), false)
})

test('a notice comes to a terminal as a message beside its bytes, of which none is lost', async (t) => {
  let tell: (told: Told) => void = () => {}
  const notices: Notices = {
    hear(listener) {
      tell = listener
      return () => {}
    },
  }
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const sent = createHash('sha256')
  const upstream = (request: IncomingMessage, socket: Socket, head: Buffer) =>
    server.handleUpgrade(request, socket, head, async (websocket) => {
      await once(websocket, 'message')
      for (let i = 0; i < 2_000; i += 1) {
        const chunk = randomBytes(1 + ((i * 977) % 40_000))
        sent.update(chunk)
        // every fifth message comes in two fragments
        if (i % 5 === 0) websocket.send(chunk.subarray(0, 1), { fin: false })
        await new Promise((resolve) => websocket.send(i % 5 === 0 ? chunk.subarray(1) : chunk, resolve))
      }
      websocket.close(1000)
    })
  const site = await startSite(t, upstream, { notices })
  const websocket = await connected(site.url, await site.ticket())
  const got = createHash('sha256')
  const told: { type: string; notices: Told['notices'] }[] = []
  websocket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) got.update(data)
    else told.push(JSON.parse(data.toString()))
  })
  websocket.send('begin')
  let said = 0
  const timer = setInterval(() => {
    said += 1
    tell({ now: '2026-01-01T00:00:00Z', notices: [{ ...notice, says: 'x'.repeat(said % 300) }] })
  }, 1)
  t.after(() => clearInterval(timer))
  await once(websocket, 'close')
  clearInterval(timer)
  assert.equal(got.digest('hex'), sent.digest('hex'))
  assert.ok(told.length > 0, `${told.length} of ${said} came`)
  for (const message of told) assert.deepEqual([message.type, message.notices[0]?.id], ['notices', 'a'])
  t.diagnostic(`${told.length} of ${said} notices came; who is behind gets the newest alone`)
})

test('a WebSocket that is no terminal of ours gets no message of ours', async (t) => {
  let heard = 0
  const notices: Notices = {
    hear() {
      heard += 1
      return () => {}
    },
  }
  const quiet = raw((socket) => socket.resume())
  const site = await startSite(t, quiet, { notices })
  const { socket } = await upgrade(site.port, await site.ticket())
  t.after(() => socket.destroy())
  assert.equal(heard, 0)
})
