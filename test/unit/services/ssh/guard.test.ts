import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { Duplex, Writable } from 'node:stream'
import { test } from 'node:test'
import type { Channel, Connection } from 'ssh2'
import { guardChannel, guardConnection, mostUnread } from '../../../../services/ssh/guard.ts'

/** A connection as ssh2 has it, whose peer reads what `take` is called for. */
function connection() {
  const waiting: (() => void)[] = []
  const socket = new Writable({ write: (_chunk, _encoding, done) => void waiting.push(done) })
  socket.on('error', () => {})
  const channels: object[] = []
  const inside = {
    _sock: Object.assign(socket, { setNoDelay() {} }),
    _protocol: { _kexinit: undefined as unknown },
    _chanMgr: { update: (_id: number, channel: object) => void channels.push(channel) },
  }
  const made = Object.assign(new EventEmitter(), inside) as unknown as Connection & typeof inside
  return { made, socket, channels, take: () => waiting.shift()?.() }
}

function channel(packetSize = 32_768) {
  const written: string[] = []
  const made = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done() })
  const inside = { incoming: { window: 10 }, outgoing: { packetSize }, stderr }
  return { made: Object.assign(made, inside) as unknown as Channel & typeof inside, written }
}

test('a peer that asks without reading the answers is cut', () => {
  const { made, socket } = connection()
  guardConnection(made)
  const answer = Buffer.alloc(65_536)
  for (let sent = 0; sent < mostUnread; sent += answer.length) made._sock.write(answer)
  assert.equal(socket.destroyed, false)
  made._sock.write(answer)
  assert.equal(socket.destroyed, true)
})

test('each channel is guarded as it opens', () => {
  const { made, socket, channels } = connection()
  guardConnection(made)
  const { made: opened } = channel(0)
  made._chanMgr.update(0, opened)
  assert.deepEqual([channels, socket.destroyed], [[opened], true])
  assert.ok(opened.outgoing.packetSize > 0, 'ssh2 would send for ever')
})

test('a channel waits until the connection takes more, and until keys are exchanged', async () => {
  const { made, socket, take } = connection()
  const { made: opened, written } = channel()
  guardChannel(made, opened)
  socket.write(Buffer.alloc(1_000_000))
  opened.write('a')
  assert.deepEqual(written, [])
  take()
  await new Promise(setImmediate)
  assert.deepEqual(written, ['a'])
  made._protocol._kexinit = 'begun'
  opened.write('b')
  assert.deepEqual(written, ['a'])
  made._protocol._kexinit = undefined
  made.emit('handshake')
  assert.deepEqual(written, ['a', 'b'])
})

test('data beyond the window is not kept, and ends the connection', () => {
  const { made, socket } = connection()
  const { made: opened } = channel()
  guardChannel(made, opened)
  opened.push('within')
  opened.incoming.window = -1
  opened.push('beyond')
  assert.deepEqual([opened.readableLength, socket.destroyed], ['within'.length, true])
})
