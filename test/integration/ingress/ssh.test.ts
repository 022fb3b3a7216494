import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { readTcpServices } from '../../../services/ingress/tcp.ts'
import { service, slice, world } from '../../unit/services/ingress/objects.ts'
import { type Changes, startSshSite } from '../envproxy/ssh-site.ts'
import { freePorts, startIngress } from './site.ts'

const run = promisify(execFile)

/** NGINX on a port of its own before something that listens at `port`. */
async function before(
  t: TestContext,
  port: number,
  options: { proxy: boolean; perClient: number; streamAddresses?: string[] },
) {
  const [listen = 0] = await freePorts(1)
  const tcp = readTcpServices(`${listen}=a:80${options.proxy ? ':proxy' : ''}`)
  const objects = world({ services: [service('a')], slices: [slice('a', [{ address: '127.0.0.1' }], port)] })
  const { perClient: streamConnectionsPerClient, streamAddresses = ['127.0.0.1'] } = options
  const places = { streamConnectionsPerClient, streamAddresses }
  const site = await startIngress(t, { ...objects, tcp, tcpNamespace: 'cde' }, places)
  assert.deepEqual(site.refused(), [])
  return listen
}

/** A connection from an address of this machine to its loopback. */
async function open(t: TestContext, port: number, localAddress: string) {
  const socket = connect({ port, host: localAddress.includes(':') ? '::1' : '127.0.0.1', localAddress })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** What a pod says to a connection; empty where that is closed instead. */
async function heardAt(t: TestContext, port: number, localAddress: string): Promise<string> {
  const socket = await open(t, port, localAddress)
  const greeting = once(socket, 'data').then(([words]) => String(words))
  return await Promise.race([greeting, once(socket, 'close').then(() => '')])
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
  assert.equal(await heardAt(t, port, '127.0.0.2'), '', 'one more is closed')
  assert.equal(await heardAt(t, port, '127.0.0.3'), 'hello')
  // one that has gone makes room
  first[0]?.destroy()
  let said = ''
  for (let i = 0; i < 200 && said === ''; i += 1) {
    said = await heardAt(t, port, '127.0.0.2')
    if (said === '') await sleep(20)
  }
  assert.equal(said, 'hello')
})

/** Gives this machine addresses of its own (RFC 4193) for a test; 10, a line feed in binary, is in each half of them. */
async function ownAddresses(t: TestContext, ...ends: string[]): Promise<string[]> {
  const site = randomBytes(2).toString('hex')
  const addresses = ends.map((end) => `fd0a:a0a:${site}:${end}`)
  const change = (what: 'add' | 'delete', address: string) =>
    run('ip', ['-6', 'address', what, `${address}/128`, 'dev', 'lo', 'nodad'])
  for (const address of addresses) {
    await change('add', address)
    t.after(() => change('delete', address))
  }
  return addresses
}

/** Why no address can be given to this machine, or false. */
const noAddresses =
  (process.getuid?.() !== 0 && 'only root gives this machine addresses') ||
  (!networkInterfaces().lo?.some(({ family }) => family === 'IPv6') && 'this machine has no IPv6')

test('of IPv6 a client is a /64, whichever of its addresses it comes from', {
  skip: noAddresses,
}, async (t) => {
  const options = { proxy: false, perClient: 2, streamAddresses: ['[::1]'] }
  const port = await before(t, await startPod(t, 'hello'), options)
  const [first = '', second = '', third = '', neighbor = '', lower = ''] = await ownAddresses(
    t,
    ...['a:a0a:0:0:1', 'a:ffff:ffff:ffff:ffff', 'a::1', 'b::1', '9:ffff:ffff:ffff:ffff'],
  )
  for (const address of [first, second]) assert.equal(await heardAt(t, port, address), 'hello')
  for (const address of [third, first]) assert.equal(await heardAt(t, port, address), '', `${address} is one more`)
  // the networks beside it are other clients
  for (const address of [neighbor, lower, '::1']) assert.equal(await heardAt(t, port, address), 'hello', address)
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
