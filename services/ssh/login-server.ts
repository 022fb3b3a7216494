import { createServer, type Server, type Socket } from 'node:net'
import type { Connection, Server as SshServer } from 'ssh2'
import { clientNetwork } from '../client-network.ts'
import { guardConnection } from './guard.ts'
import { takeProxyHeader } from './proxy-header.ts'
import { createStartups, type StartupLimits } from './startups.ts'

/** One connection, from its first words on. */
export interface Arrival {
  connection: Connection
  /** It has logged in: it is no longer counted and timed here. */
  admit(): void
  /** Ends it at once. `Connection.end` alone waits for a peer that need not answer and could go on sending. */
  hangUp(): void
}

interface Options {
  limits: StartupLimits
  /** where each connection begins with a PROXY header: whose word about the client is believed */
  proxies?: { has(address: string): boolean } | undefined
  log: { warn(fields: object, message: string): void }
}

/** Pause between two lines about connections that had to go, in milliseconds. */
const lineMs = 10_000

/**
 * The TCP server before ssh2's own, which counts and times nobody who has not sent an identification: here each
 * connection is, from its accept until its login. Does not listen yet.
 */
export function createLoginServer(
  ssh: SshServer,
  { limits, proxies, log }: Options,
  arrived: (arrival: Arrival) => void,
): Server {
  const startups = createStartups(limits)
  const byPeer = new Map<string, { socket: Socket; admit(): void }>()
  const tell = createTally(lineMs, (dropped) => {
    log.warn({ dropped, waiting: startups.waiting }, 'ssh connections dropped: too many wait for their login')
  })

  const server = createServer((socket) => {
    const { remoteAddress: address = '' } = socket
    const peer = `${address} ${socket.remotePort}`
    socket.on('error', () => {})
    const enter = (source: string) =>
      startups.enter(source, () => {
        tell()
        socket.destroy()
      })
    // one that has yet to say whom it is for is a source of its own
    let leave = enter(proxies ? peer : clientNetwork(address))
    const timer = setTimeout(() => socket.destroy(), limits.loginMs)
    const admit = () => {
      leave()
      clearTimeout(timer)
    }
    byPeer.set(peer, { socket, admit })
    socket.once('close', () => {
      admit()
      byPeer.delete(peer)
    })
    // SSH knows no half-closed connection: whoever ends, on either side, has ended it
    socket.once('end', () => socket.destroy())
    socket.once('finish', () => socket.destroy())
    if (!proxies) return void ssh.injectSocket(socket)
    takeProxyHeader(socket, (client) => {
      leave()
      leave = enter(clientNetwork(proxies.has(address) ? client : address))
      ssh.injectSocket(socket)
    })
  })
  ssh.on('connection', (connection, { ip, port }) => {
    guardConnection(connection)
    const found = byPeer.get(`${ip} ${port}`)
    const hangUp = () => {
      connection.end()
      found?.socket.destroy()
    }
    connection.on('error', hangUp)
    if (found) arrived({ connection, admit: found.admit, hangUp })
    else hangUp()
  })
  return server
}

/** Calls `say` with a count now and then instead of each time. */
function createTally(pauseMs: number, say: (count: number) => void): () => void {
  let count = 0
  return () => {
    count += 1
    if (count > 1) return
    setTimeout(() => {
      say(count)
      count = 0
    }, pauseMs).unref()
  }
}
