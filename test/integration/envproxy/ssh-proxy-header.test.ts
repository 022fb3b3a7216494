import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSshSite } from './ssh-site.ts'

const identification = 'SSH-2.0-stranger\r\n'
const header = (address: string) => `PROXY TCP4 ${address} 192.0.2.1 40000 22\r\n`

async function dial(t: TestContext, port: number, words = '', localAddress = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(words)
  return socket
}

/** Waits for the server's first packet (SSH_MSG_KEXINIT), which names its algorithms. */
async function greeted(socket: Socket): Promise<void> {
  let heard = ''
  for await (const chunk of socket) {
    heard += chunk.toString('latin1')
    if (heard.startsWith('SSH-2.0-cde\r\n') && heard.includes('curve25519')) return
  }
  assert.fail(`closed after ${JSON.stringify(heard)}`)
}

test('a header in one piece, or byte by byte, is taken off before SSH begins', async (t) => {
  const site = await startSshSite(t, { gate: { proxies: { has: () => true } } })
  for (const address of ['198.51.100.7', '2001:db8::7']) {
    const text = header(address).replace('TCP4', address.includes(':') ? 'TCP6' : 'TCP4')
    await greeted(await dial(t, site.port, text + identification))
    const slow = await dial(t, site.port)
    slow.setNoDelay()
    for (const letter of text) {
      slow.write(letter)
      await sleep(1)
    }
    slow.write(identification)
    await greeted(slow)
  }
})

for (const [what, words] of [
  ['no header', identification],
  ['an unknown client', 'PROXY UNKNOWN\r\n'],
  ['an address that is none', header('198.51.100.777')],
  ['the header of another version', '\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c'],
  ['a header that never ends', `PROXY TCP4 ${'1'.repeat(200)}`],
] as const) {
  test(`where a header is due, ${what} closes the connection`, async (t) => {
    const site = await startSshSite(t, { gate: { proxies: { has: () => true } } })
    const socket = await dial(t, site.port, words)
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk
    })
    await once(socket, 'close')
    assert.equal(heard, '')
  })
}

test('a header that does not come is not waited for longer than a login', async (t) => {
  const site = await startSshSite(t, { gate: { proxies: { has: () => true }, limits: { loginMs: 300 } } })
  await once((await dial(t, site.port)).resume(), 'close')
})

test('who is not believed is one source, whatever addresses it claims, and none that it claims', async (t) => {
  const proxies = { has: (address: string) => address === '127.0.0.9' }
  const site = await startSshSite(t, { gate: { proxies, limits: { perSource: 4 } } })
  const patient = await dial(t, site.port, header('198.51.100.1') + identification, '127.0.0.9')
  patient.resume()
  await once(patient, 'data')
  const liars = []
  for (let i = 0; i < 12; i += 1) {
    const liar = await dial(t, site.port, header(`198.51.100.${(i % 3) + 1}`) + identification)
    liars.push(liar)
    await once(liar, 'data')
  }
  for (let i = 0; i < 500 && liars.filter(({ closed }) => !closed).length > 4; i += 1) await sleep(20)
  assert.equal(liars.filter(({ closed }) => !closed).length, 4)
  assert.equal(patient.closed, false)
})
