import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTcpServices } from '../../../services/ingress/tcp.ts'
import { service, slice, world } from '../../unit/services/ingress/objects.ts'
import { type Changes, startSshSite } from '../envproxy/ssh-site.ts'
import { freePorts, startIngress } from './site.ts'

/** NGINX on a port of its own before something that listens at `port`. */
async function before(t: TestContext, port: number, options: { proxy: boolean; perClient: number }) {
  const [listen = 0] = await freePorts(1)
  const tcp = readTcpServices(`${listen}=a:80${options.proxy ? ':proxy' : ''}`)
  const objects = world({ services: [service('a')], slices: [slice('a', [{ address: '127.0.0.1' }], port)] })
  const places = { streamConnectionsPerClient: options.perClient }
  const site = await startIngress(t, { ...objects, tcp, tcpNamespace: 'cde' }, places)
  assert.deepEqual(site.refused(), [])
  return listen
}

/** A connection from an address of 127.0.0.0/8. */
async function open(t: TestContext, port: number, localAddress: string) {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function startPod(t: TestContext, greeting: string, heard: (words: string) => void = () => {}) {
  const pod = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (words) => heard(words.toString()))
    socket.write(greeting)
  })
  pod.listen(0, '127.0.0.1')
  await once(pod, 'listening')
  t.after(() => pod.close())
  return (pod.address() as AddressInfo).port
}

test('one client has only so many connections, which costs no other client one', async (t) => {
  const port = await before(t, await startPod(t, 'hello'), { proxy: false, perClient: 8 })
  const first = await Promise.all(Array.from({ length: 8 }, () => open(t, port, '127.0.0.2')))
  for (const socket of first) await once(socket, 'data')
  assert.equal(await text(await open(t, port, '127.0.0.2')).catch(() => ''), '', 'one more is closed')
  const [greeting] = await once(await open(t, port, '127.0.0.3'), 'data')
  assert.equal(String(greeting), 'hello')
  // one that has gone makes room
  first[0]?.destroy()
  let said = ''
  for (let i = 0; i < 200 && said === ''; i += 1) {
    const socket = await open(t, port, '127.0.0.2')
    const answer = once(socket, 'data').then(([words]) => String(words))
    said = await Promise.race([answer, once(socket, 'close').then(() => '')])
    if (said === '') await sleep(20)
  }
  assert.equal(said, 'hello')
})

test('a service that wants it is told the address of the client', async (t) => {
  const heard = Promise.withResolvers<string>()
  const port = await before(t, await startPod(t, 'hello', heard.resolve), { proxy: true, perClient: 8 })
  await open(t, port, '127.0.0.5')
  assert.match(await heard.promise, /^PROXY TCP4 127\.0\.0\.5 127\.0\.0\.1 \d+ \d+\r\n$/)
})

/** ssh -> NGINX -> envproxy -> a workspace. */
async function startThrough(t: TestContext, gate: Changes['gate'] = {}) {
  const proxies = { has: (address: string) => address === '127.0.0.1' }
  const site = await startSshSite(t, { gate: { proxies, ...gate } })
  return { ...site, through: await before(t, site.port, { proxy: true, perClient: 512 }) }
}

test('600 silent connections through the ingress lock nobody out, at their own address or another', async (t) => {
  const site = await startThrough(t)
  await Promise.all(Array.from({ length: 600 }, () => open(t, site.through, '127.0.0.7')))
  for (const from of ['127.0.0.8', '127.0.0.7']) {
    const { code, stdout, stderr } = await site.ssh(['echo in'], { port: site.through, flags: ['-b', from] })
    assert.deepEqual([code, stdout.toString()], [0, 'in\n'], `${from}: ${stderr}`)
  }
})

test('who comes and comes again does not touch one who waits at another address', async (t) => {
  const site = await startThrough(t, { limits: { start: 4, full: 16, perSource: 12 } })
  const patient = await open(t, site.through, '127.0.0.9')
  await once(patient, 'data')
  for (let round = 0; round < 20; round += 1) {
    const many = await Promise.all(Array.from({ length: 10 }, () => open(t, site.through, '127.0.0.7')))
    await Promise.all(many.map((socket) => Promise.race([once(socket, 'data'), once(socket, 'close')])))
  }
  assert.equal(patient.closed, false)
  assert.equal(patient.readableEnded, false)
})
