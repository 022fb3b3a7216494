import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { acceptOf } from './frames.ts'

/** An open WebSocket as a bare socket, so that the client costs little. */
export interface Connection {
  socket: Socket
  /** bytes since the handshake */
  received: number
  /** called with each chunk */
  onData: ((chunk: Buffer) => void) | undefined
  closed: boolean
}

export interface Place {
  host: string
  port: number
  /** request target */
  target: string
}

/** Opens a WebSocket. @throws Error where it is refused or takes 10 seconds */
export function openConnection({ host, port, target }: Place, protocols: string): Promise<Connection> {
  const key = randomBytes(16).toString('base64')
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true })
    const connection: Connection = { socket, received: 0, onData: undefined, closed: false }
    const fail = (why: string) => {
      socket.destroy()
      reject(new Error(why))
    }
    socket.setTimeout(10_000, () => fail('no answer in 10 s'))
    let head = Buffer.alloc(0)
    const opening = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = head.subarray(0, end).toString('latin1')
      if (!text.startsWith('HTTP/1.1 101') || !text.includes(acceptOf(key))) return fail(text.slice(0, 300))
      socket.off('data', opening)
      socket.setTimeout(0)
      const take = (bytes: Buffer) => {
        connection.received += bytes.length
        connection.onData?.(bytes)
      }
      socket.on('data', take)
      resolve(connection)
      if (head.length > end + 4) take(head.subarray(end + 4))
    }
    socket.on('data', opening)
    socket.on('error', ({ message }) => fail(message))
    socket.on('close', () => {
      connection.closed = true
      reject(new Error('closed'))
    })
    socket.on('connect', () =>
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: cde.example\r\nOrigin: https://cde.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${protocols}\r\n\r\n`,
      ),
    )
  })
}

/** Opens one for each offer of subprotocols, some at a time. @throws the first failure */
export async function openAll(place: Place, offers: readonly string[], atOnce = 20): Promise<Connection[]> {
  const all: Connection[] = []
  const queue = offers.values()
  const lane = async () => {
    for (const offer of queue) all.push(await openConnection(place, offer))
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return all
}
