import { connect, type Socket } from 'node:net'

/** Where a workspace's port listens. */
export interface Address {
  host: string
  port: number
}

/** Opens a new connection to a workspace, for one session or one request. */
export type Connect = () => Socket

/**
 * How to reach a port of a workspace. The agent's own ports want the manager's grant in a line before any byte of HTTP
 * (services/workspace/guard.ts). Other ports are users' servers: there is no grant for them.
 */
export const connectTo =
  (address: Address, grant: string | undefined): Connect =>
  () => {
    const socket = connect({ ...address, allowHalfOpen: true, noDelay: true })
    if (grant === undefined) return socket
    // in one packet with the request
    socket.cork()
    socket.write(`CDE ${grant}\r\n`)
    socket.once('connect', () => socket.uncork())
    return socket
  }
