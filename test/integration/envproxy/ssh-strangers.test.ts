import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { createQuota } from '../../../services/envproxy/quota.ts'
import { startSshSite } from './ssh-site.ts'

/** Connections that say `words` and no more; resolves once all are open. `localAddress`: where from, in 127.0.0.0/8. */
async function sit(t: TestContext, port: number, count: number, { words = '', localAddress = '127.0.0.1' } = {}) {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port, host: '127.0.0.1', localAddress })
      socket.on('error', () => {})
      t.after(() => socket.destroy())
      await once(socket, 'connect')
      socket.write(words)
      return socket.resume()
    }),
  )
}

/** Milliseconds until the other side has closed. */
async function closed(socket: Socket): Promise<number> {
  const begun = performance.now()
  if (!socket.closed) await once(socket, 'close')
  return performance.now() - begun
}

const identification = 'SSH-2.0-stranger\r\n'

for (const [what, words] of [
  ['nothing', ''],
  ['half an identification', 'SSH-2.0-str'],
  ['an identification and no more', identification],
] as const) {
  test(`600 connections of one address that say ${what} lock nobody out, not even there`, async (t) => {
    const site = await startSshSite(t)
    await sit(t, site.port, 600, { words })
    const { code, stdout } = await site.ssh(['echo in'])
    assert.deepEqual([code, stdout.toString()], [0, 'in\n'])
  })

  test(`a connection that says ${what} is closed after the time to log in`, async (t) => {
    const site = await startSshSite(t, { gate: { limits: { loginMs: 500 } } })
    const [socket] = await sit(t, site.port, 1, { words })
    assert.ok((await closed(socket as Socket)) < 10_000)
  })
}

test('silent connections from 40 addresses lock nobody out', async (t) => {
  const site = await startSshSite(t)
  for (let i = 0; i < 40; i += 1) await sit(t, site.port, 10, { localAddress: `127.0.1.${i + 1}` })
  assert.equal((await site.ssh(['true'])).code, 0)
})

test('bytes that trickle buy no time', async (t) => {
  const site = await startSshSite(t, { gate: { limits: { loginMs: 600 } } })
  const [slow] = (await sit(t, site.port, 1)) as [Socket]
  const drip = setInterval(() => slow.write('x'), 50)
  t.after(() => clearInterval(drip))
  assert.ok((await closed(slow)) < 10_000)
})

test('a peer that goes on reading nothing and closing nothing is gone all the same', async (t) => {
  const site = await startSshSite(t, { gate: { limits: { loginMs: 500 } } })
  const socket = connect({ port: site.port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  const failed = once(socket, 'error')
  await once(socket, 'connect')
  const drip = setInterval(() => socket.write('x'), 50)
  t.after(() => clearInterval(drip))
  // a closed peer answers what is still sent with a reset; a half-closed one would take it
  const [error] = (await failed) as [NodeJS.ErrnoException]
  assert.match(error.code ?? '', /ECONNRESET|EPIPE/)
})

test('many of one address do not touch one who waits at another', async (t) => {
  const site = await startSshSite(t, { gate: { limits: { start: 4, full: 16, perSource: 12 } } })
  const [patient] = (await sit(t, site.port, 1, { localAddress: '127.0.0.9', words: identification })) as [Socket]
  for (let i = 0; i < 20; i += 1) await sit(t, site.port, 10)
  await sleep(200)
  assert.equal(patient.closed, false)
  const many = await sit(t, site.port, 40)
  await Promise.race(many.map((socket) => closed(socket)))
})

test('whoever has as many sessions as allowed is told so, and the connection is closed', async (t) => {
  const site = await startSshSite(t, { gate: { quota: createQuota({ total: 10, perUser: 1 }) } })
  const key = await readFile(join(site.directory, 'id'), 'utf8')
  const first = new ssh2.Client()
  const cut = once(first, 'close')
  first.connect({ port: site.port, host: '127.0.0.1', username: 'ann-lee-my-box', privateKey: key })
  await once(first, 'ready')
  // it counts for sure when something of it runs
  await new Promise<void>((resolve, reject) =>
    first.exec('echo in; sleep 30', (error, channel) =>
      error ? reject(error) : channel.once('data', () => resolve()),
    ),
  )
  const { code, stderr } = await site.ssh(['true'])
  assert.equal(code, 255)
  assert.match(stderr, /You have 1 open sessions, the most allowed: close some\./)
  // a client that asks for nothing would never hear of it
  const quiet = new ssh2.Client()
  const ended = once(quiet, 'close')
  quiet.on('error', () => {})
  quiet.connect({ port: site.port, host: '127.0.0.1', username: 'ann-lee-my-box', privateKey: key })
  await once(quiet, 'ready')
  await ended
  site.verdict.now = 'denied'
  await cut
})

test('a client that does not close when access is withdrawn is closed all the same', async (t) => {
  const site = await startSshSite(t)
  const key = await readFile(join(site.directory, 'id'), 'utf8')
  const sock = connect({ port: site.port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => sock.destroy())
  const client = new ssh2.Client()
  const reset = Promise.withResolvers<string>()
  client.on('error', (error: NodeJS.ErrnoException) => reset.resolve(error.code ?? ''))
  client.connect({ sock, username: 'ann-lee-my-box', privateKey: key })
  await once(client, 'ready')
  sock.end = () => sock
  site.verdict.now = 'denied'
  const drip = setInterval(() => sock.write('x'), 50)
  t.after(() => clearInterval(drip))
  assert.match(await reset.promise, /ECONNRESET|EPIPE/)
})

test("at the workspace's own server silent connections lock envproxy out no more than users here", async (t) => {
  const site = await startSshSite(t, { inside: { limits: { loginMs: 500 } } })
  const silent = await sit(t, site.insidePort, 300)
  const { code, stdout } = await site.ssh(['echo in'])
  assert.deepEqual([code, stdout.toString()], [0, 'in\n'])
  await Promise.all(silent.map((socket) => closed(socket)))
})
