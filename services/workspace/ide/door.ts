import { createServer, type Server } from 'node:net'
import type { CodeServer } from './code-server.ts'

/** Most connections at a time; a browser opens about ten. */
const mostConnections = 256

/** The editor's port: joins each connection with one to code-server. Does not listen yet. */
export function createIdeServer(editor: CodeServer, log: { warn(fields: object, message: string): void }): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => client.destroy())
    editor.connect().then(
      (socket) => {
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
  server.maxConnections = mostConnections
  return server
}
