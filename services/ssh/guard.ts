import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { Channel, Client, Connection } from 'ssh2'

/**
 * What ssh2 believes of its peer and must not: sizes, windows, the order of messages. The limits of RFC 4254, section 5.2,
 * are kept here, for its server and its client alike.
 */

/** Smallest packet that a peer may ask for, in bytes; clients ask for 16384 and more. At 0 ssh2 would send for ever. */
const smallestPacket = 1_024

/** Most that waits for a peer which does not read, in bytes; channels stop long before, so these are answers to a flood. */
export const mostUnread = 2_097_152

/** ssh2 has no public way to these. */
interface Inside {
  _sock: Socket
  _protocol: { _kexinit?: unknown }
  _chanMgr: { update(id: number, channel: object): void }
}
interface InsideChannel extends Duplex {
  incoming: { window: number }
  outgoing: { packetSize: number }
  stderr: Readable | Writable
}

const insideOf = (connection: Client | Connection) => connection as unknown as Inside

/**
 * Makes a connection of ssh2 quick, and safe against its peer: one that sends without reading the answers is cut, and each of its
 * channels is guarded as it opens, but for those of sessions. To be called before anything is read: as a server gets it,
 * or right behind Client.connect.
 */
export function guardConnection(connection: Client | Connection): void {
  const { _sock: socket, _chanMgr: channels } = insideOf(connection)
  // what is typed must not wait until what was typed before has arrived
  socket.setNoDelay(true)
  const write = socket.write as (...parts: unknown[]) => boolean
  socket.write = (...parts: unknown[]) => {
    const more = write.apply(socket, parts)
    if (socket.writableLength > mostUnread) socket.destroy(new Error('the SSH peer does not read what it asks for'))
    return more
  }
  const update = channels.update.bind(channels)
  channels.update = (id, channel) => {
    if ('outgoing' in channel) guardChannel(connection, channel as Channel)
    update(id, channel)
  }
}

/**
 * Makes a session's channel, as it is accepted, safe against its peer. What breaks the protocol ends the connection, and
 * what is written waits until the connection has taken what was written before, however large a window the peer grants.
 */
export function guardChannel(connection: Client | Connection, channel: Channel): void {
  const inside = channel as unknown as InsideChannel
  const cut = (why: string): void => {
    insideOf(connection)._sock.destroy(new Error(`the SSH peer ${why}`))
  }
  for (const stream of [inside, inside.stderr]) {
    // such as data behind an end
    stream.on('error', () => {})
    if ('push' in stream) checkWindow(stream, inside, cut)
    if ('write' in stream) waitForSocket(stream, connection)
  }
  if (inside.outgoing.packetSize >= smallestPacket) return
  inside.outgoing.packetSize = smallestPacket
  cut('takes no packets of ordinary size')
}

function checkWindow(stream: Readable, channel: InsideChannel, cut: (why: string) => void): void {
  const push = stream.push.bind(stream)
  stream.push = (chunk, encoding) => {
    if (chunk === null || channel.incoming.window >= 0) return push(chunk, encoding)
    cut('sends more than it may')
    return false
  }
}

function waitForSocket(stream: Writable, connection: Client | Connection): void {
  const write = stream._write.bind(stream)
  stream._write = (chunk, encoding, done) => {
    const [event, emitter] = whatToAwait(connection) ?? []
    if (event === undefined || emitter === undefined) return write(chunk, encoding, done)
    // every channel of the connection may wait
    emitter.setMaxListeners(0)
    emitter.once(event, () => stream._write(chunk, encoding, done))
  }
}

/** The event that must come before more is written: the socket takes more, or a new exchange of keys has ended. */
function whatToAwait(connection: Client | Connection): [event: string, emitter: EventEmitter] | undefined {
  const { _sock: socket, _protocol: protocol } = insideOf(connection)
  if (socket.writableNeedDrain) return ['drain', socket]
  return protocol._kexinit === undefined ? undefined : ['handshake', connection]
}
