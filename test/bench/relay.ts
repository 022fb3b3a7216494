import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Passes TCP connections on to a port of loopback and counts what crosses, TLS and all. */
export interface Relay {
  /** `127.0.0.1:port` */
  host: string
  /** bytes so far, from the clients and to them */
  sent: () => number
  received: () => number
  close: () => Promise<void>
}

/** @param onSent called with the bytes that clients have sent so far, whenever there are more */
export async function startRelay(port: number, onSent?: (bytes: number) => void): Promise<Relay> {
  let sent = 0
  let received = 0
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    splice(client, upstream, (bytes) => {
      sent += bytes
      onSent?.(sent)
    })
    splice(upstream, client, (bytes) => {
      received += bytes
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    received: () => received,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One direction. What `from` sent before its end still arrives (stream.pipeline would destroy `to` with it unsent). */
function splice(from: Socket, to: Socket, count: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    count(chunk.length)
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
}
