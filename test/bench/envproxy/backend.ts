import { createServer, type Socket } from 'node:net'
import { acceptOf, frame, frameReader, opcodes } from './frames.ts'

/**
 * The workspace that all proxies lead to, as a process: `node backend.ts HOST PORT`. It sends every binary message back;
 * `?bulk=BYTES` gets that many bytes in messages of 64 KiB instead. A line before the request, as envproxy sends one, is not
 * looked at.
 */
const [host, port] = process.argv.slice(2)
const piece = frame(Buffer.alloc(65_536, 'sealift'))

const server = createServer({ noDelay: true }, (socket) => {
  let head = ''
  socket.on('error', () => socket.destroy())
  socket.on('data', function opening(chunk: Buffer) {
    head += chunk.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    socket.off('data', opening)
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ''
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Protocol: cde.shell.v1\r\n\r\n`,
    )
    const bulk = /^GET \S*[?&]bulk=(\d+)/m.exec(head)?.[1]
    if (bulk) sendBulk(socket, Number(bulk))
    else echo(socket)
  })
})
server.listen({ host, port: Number(port), backlog: 4096 })

function echo(socket: Socket): void {
  socket.on(
    'data',
    frameReader((opcode, payload) => {
      if (opcode === opcodes.binary) socket.write(frame(payload))
      else if (opcode === opcodes.ping) socket.write(frame(payload, undefined, opcodes.pong))
      else if (opcode === opcodes.close) socket.end(frame(payload, undefined, opcodes.close))
    }),
  )
}

function sendBulk(socket: Socket, bytes: number): void {
  let left = Math.ceil(bytes / 65_536)
  const more = () => {
    while (left > 0) {
      left -= 1
      if (!socket.write(piece)) return
    }
  }
  socket.on('drain', more)
  socket.resume()
  more()
}
