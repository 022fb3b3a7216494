/** Follows the frames in one direction of a WebSocket, without looking at what is in them (RFC 6455, section 5.2). */
export interface Frames {
  /** Whether a message has just ended and no other one has begun: here one of ours may stand. */
  readonly between: boolean
  /** Goes over the next `length` bytes; returns the first place among them that is between two messages. */
  pass(chunk: Uint8Array, length: number): number | undefined
}

export function createFrames(): Frames {
  const header = new Uint8Array(14)
  const view = new DataView(header.buffer)
  /** bytes of a header that is not yet whole */
  let has = 0
  /** bytes of the payload that are yet to come */
  let left = 0
  /** more fragments of a message are to come */
  let fragmented = false
  const between = () => has === 0 && left === 0 && !fragmented

  /** Length of the header that has begun. */
  const headerLength = (): number => {
    const second = header[1] ?? 0
    const short = second & 0x7f
    return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
  }
  const payloadLength = (): number => {
    const short = (header[1] ?? 0) & 0x7f
    if (short === 126) return view.getUint16(2)
    return short === 127 ? Number(view.getBigUint64(2)) : short
  }

  return {
    get between() {
      return between()
    },
    pass(chunk, length) {
      let first = between() ? 0 : undefined
      let at = 0
      while (at < length) {
        if (left > 0) {
          const step = Math.min(left, length - at)
          left -= step
          at += step
        } else {
          header[has++] = chunk[at++] as number
          if (has < 2 || has < headerLength()) continue
          left = payloadLength()
          has = 0
          const [head = 0] = header
          // control frames may stand between the fragments of a message (section 5.4)
          if ((head & 0x0f) < 8) fragmented = (head & 0x80) === 0
        }
        if (first === undefined && between()) first = at
      }
      return first
    },
  }
}

/** A text frame as a server sends it. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, 0, 0])
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}
