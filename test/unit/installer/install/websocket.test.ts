import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createAuthority, issueCertificate } from '../../../../installer/src/install/own-certificate.ts'
import { standInCommand, standInMark } from '../../../../installer/src/install/stand-in-program.ts'
import { type Passage, passage } from '../../../../installer/src/install/websocket.ts'
import { freePort } from '../../../fixtures/free-port.ts'

const host = 'cde.example'
const pair = await issueCertificate(await createAuthority([host]), [host])
const { signal } = new AbortController()

const through = (port: number, mark?: string): Promise<Passage> =>
  passage({ address: '127.0.0.1', port }, { name: host, ca: 'any', signal, ...(mark ? { mark } : {}) })

/** The stand-in itself, as a pod runs it. */
async function standIn(t: TestContext) {
  const ports = { https: await freePort(), http: await freePort() }
  const [, ...args] = standInCommand(pair, ports)
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  t.after(() => child.kill('SIGKILL'))
  for (let i = 0; (await through(ports.https, standInMark)).state === 'elsewhere' && i < 200; i++) await setTimeout(50)
  return ports
}

/** What may stand before a platform: passes requests on to a port; `upgrade` is what it does with the others. */
async function before(t: TestContext, to: number, upgrade: (socket: Duplex) => void): Promise<number> {
  const front = createServer({ key: pair.key, cert: pair.certificate }, (request, response) => {
    const headers = { host: request.headers.host }
    const onward = httpRequest({ port: to, host: '127.0.0.1', path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(503).end()).end()
  })
  front.on('upgrade', (_, socket: Duplex) => {
    socket.on('error', () => {})
    upgrade(socket)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.after(() => {
    front.closeAllConnections()
    front.close()
  })
  return (front.address() as AddressInfo).port
}

test('a WebSocket that comes through is told apart from what is stopped on its way, and from what leads elsewhere', async (t) => {
  const { https, http } = await standIn(t)
  assert.deepEqual(await through(https, standInMark), { state: 'through' })

  const refusing = await before(t, http, (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  assert.deepEqual(await through(refusing, standInMark), { state: 'stopped', got: 'status 400' })
  // as a proxy without a line for it does: the request goes on, its upgrade does not
  const stripping = await before(t, http, (socket) => {
    socket.end(`HTTP/1.1 426 Upgrade Required\r\n${standInMark}: here\r\n\r\n`)
  })
  const got = 'the request for it arrives without its upgrade'
  assert.deepEqual(await through(stripping, standInMark), { state: 'stopped', got })
  const mute = await before(t, http, (socket) => {
    const head = `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n${standInMark}: here\r\n\r\n`
    socket.write(head, () => socket.end())
  })
  assert.deepEqual(await through(mute, standInMark), {
    ...{ state: 'stopped', got: 'a WebSocket that is closed before a word' },
  })

  const elsewhere = await before(t, await freePort(), (socket) => void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  assert.deepEqual(await through(elsewhere, standInMark), { state: 'elsewhere', got: 'status 503' })
  const nobody = await through(await freePort(), standInMark)
  assert.match(JSON.stringify(nobody), /elsewhere.*ECONNREFUSED/)
  // the stand-in is not the platform, which misses a ticket
  assert.equal((await through(https)).state, 'stopped')
})

test('a way that opens while it is tried is not one that stops WebSockets', async (t) => {
  let isOpen = false
  const opening = createServer({ key: pair.key, cert: pair.certificate }, (_, response) => {
    isOpen = true
    response.writeHead(426).end()
  })
  opening.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${isOpen ? 401 : 503} \r\n\r\n`))
  opening.listen(0, '127.0.0.1')
  await once(opening, 'listening')
  t.after(() => opening.close())
  assert.deepEqual(await through((opening.address() as AddressInfo).port), { state: 'through' })
})

test('of the platform itself a missing ticket proves that the upgrade arrived', async (t) => {
  const platform = createServer({ key: pair.key, cert: pair.certificate }, (_, response) =>
    response.writeHead(426).end(),
  )
  platform.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'))
  platform.listen(0, '127.0.0.1')
  await once(platform, 'listening')
  t.after(() => platform.close())
  const { port } = platform.address() as AddressInfo
  assert.deepEqual(await through(port), { state: 'through' })
  platform.removeAllListeners('upgrade')
  assert.deepEqual(await through(port), { state: 'stopped', got: 'the request for it arrives without its upgrade' })
})
