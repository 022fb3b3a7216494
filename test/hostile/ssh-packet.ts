import type { Client, Connection } from 'ssh2'

/** Message numbers of RFC 4254, section 9. */
export const message = {
  globalRequest: 80,
  channelOpen: 90,
  openConfirmation: 91,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const

/** Parts of a packet: a number is a uint32, a text or a buffer a string, a boolean a byte (RFC 4251, section 5). */
export type Part = number | string | Buffer | boolean

export function packet(type: number, ...parts: Part[]): Buffer {
  const uint32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const encoded = parts.flatMap((part) => {
    if (typeof part === 'number') return [uint32(part)]
    if (typeof part === 'boolean') return [Buffer.from([part ? 1 : 0])]
    const bytes = Buffer.from(part as string)
    return [uint32(bytes.length), bytes]
  })
  return Buffer.concat([Buffer.from([type]), ...encoded])
}

/** Sends any payload over a connection of ssh2, encrypted as its own packets are, but not looked at. */
export function sendPacket(connection: Client | Connection, payload: Buffer): void {
  const { _protocol: protocol } = connection as unknown as {
    _protocol: {
      _packetRW: { write: { allocStart: number; alloc(n: number): Buffer; finalize(packet: Buffer): Buffer } }
      _cipher: { encrypt(packet: Buffer): void }
    }
  }
  const { write } = protocol._packetRW
  const at = write.allocStart
  const whole = write.alloc(payload.length)
  whole.set(payload, at)
  protocol._cipher.encrypt(write.finalize(whole))
}
