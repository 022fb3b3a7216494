import { createHash } from 'node:crypto'

/** WebSocket frames (RFC 6455, section 5.2) for client and backend, made once and sent often: they must not be the slow part. */
export const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A whole frame. With a mask (4 bytes) it is a client's. */
export function frame(payload: Buffer, mask?: Buffer, opcode: number = opcodes.binary): Buffer {
  const { length } = payload
  const flag = mask ? 0x80 : 0
  let head: Buffer
  if (length < 126) head = Buffer.from([0x80 | opcode, flag | length])
  else if (length < 65_536) {
    head = Buffer.from([0x80 | opcode, flag | 126, 0, 0])
    head.writeUInt16BE(length, 2)
  } else {
    head = Buffer.alloc(10)
    head[0] = 0x80 | opcode
    head[1] = flag | 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  if (!mask) return Buffer.concat([head, payload])
  const masked = Buffer.from(payload)
  unmask(masked, mask)
  return Buffer.concat([head, mask, masked])
}

function unmask(bytes: Buffer, mask: Buffer): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ (mask[i & 3] as number)
}

/** Takes chunks of a stream and calls back with each whole frame, unmasked in place. */
export function frameReader(onFrame: (opcode: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined
  return (chunk) => {
    let bytes = rest ? Buffer.concat([rest, chunk]) : chunk
    rest = undefined
    for (;;) {
      if (bytes.length < 2) break
      const second = bytes[1] as number
      let at = 2
      let length = second & 0x7f
      if (length === 126) {
        if (bytes.length < 4) break
        length = bytes.readUInt16BE(2)
        at = 4
      } else if (length === 127) {
        if (bytes.length < 10) break
        length = Number(bytes.readBigUInt64BE(2))
        at = 10
      }
      const mask = second & 0x80 ? bytes.subarray(at, at + 4) : undefined
      if (mask) at += 4
      if (bytes.length < at + length) break
      const payload = bytes.subarray(at, at + length)
      if (mask) unmask(payload, mask)
      onFrame((bytes[0] as number) & 0x0f, payload)
      bytes = bytes.subarray(at + length)
    }
    if (bytes.length > 0) rest = bytes
  }
}

/** `Sec-WebSocket-Accept` for a key (RFC 6455, section 1.3). */
export const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
