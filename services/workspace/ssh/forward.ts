import { connect } from 'node:net'
import type { Connection, ServerChannel } from 'ssh2'

/** Names under which a client may ask for the workspace itself. */
const loopback = new Set(['localhost', 'localhost.localdomain', '127.0.0.1', '::1', 'ip6-localhost', '0.0.0.0', '::'])

/** Whether a forwarding request (RFC 4254, section 7.2, `direct-tcpip`) leads to a port of this workspace. */
export function isOwnPort(host: string, port: number): boolean {
  return loopback.has(host.toLowerCase()) && Number.isInteger(port) && port > 0 && port < 65_536
}

/** Time for a program in the workspace to take the connection, in milliseconds. */
const connectMs = 10_000

/** Connects to a port of the workspace, and joins it with the channel that `accept` opens once it is there. */
export function forward(
  port: number,
  connection: Connection,
  accept: () => ServerChannel | undefined,
  reject: () => void,
): void {
  // `localhost`: programs listen on either family; Node tries both.
  const socket = connect({ host: 'localhost', port, allowHalfOpen: true, noDelay: true })
  const timer = setTimeout(() => socket.destroy(new Error('timeout')), connectMs)
  let channel: ServerChannel | undefined
  const end = () => socket.destroy()
  connection.once('close', end)
  socket.once('close', () => connection.off('close', end))
  socket.once('connect', () => {
    clearTimeout(timer)
    channel = accept()
    if (!channel) {
      end()
      return
    }
    channel.once('close', end)
    channel.pipe(socket).pipe(channel)
  })
  socket.on('error', () => {
    clearTimeout(timer)
    if (channel) channel.destroy()
    else reject()
  })
}
