import type { Server } from 'node:net'
import { createGuard, type GuardOptions } from '../guard.ts'
import type { CodeServer } from './code-server.ts'

/** The editor's port (port table of the product). */
const idePort = 13337
/** Most connections at a time; a browser opens about ten. */
const mostConnections = 256

/** The editor's port: joins each connection that brings a grant with one to code-server. Does not listen yet. */
export function createIdeServer(
  editor: CodeServer,
  { readGrant, log }: Pick<GuardOptions, 'readGrant' | 'log'>,
): Server {
  const guard = { port: idePort, readGrant, healthz: false, maxAdmitted: mostConnections, log }
  return createGuard(guard, (client) => {
    editor.connect().then(
      (socket) => {
        if (client.destroyed) return socket.destroy()
        socket.on('error', () => client.destroy())
        client.once('close', () => socket.destroy())
        socket.once('close', () => client.destroySoon())
        client.pipe(socket)
        socket.pipe(client)
      },
      (error: Error) => {
        log.warn({ error: error.message }, 'no editor')
        client.destroy()
      },
    )
  })
}
