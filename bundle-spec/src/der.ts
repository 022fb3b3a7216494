/** Tags of DER (ITU-T X.690, section 8) that key files need. */
export const tag = { integer: 2, octets: 4, null: 5, oid: 6, sequence: 0x30 } as const

/** An element with what is in it, one after the other. */
export function der(type: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(type, body.length), body])
  const length = wholeNumber(body.length)
  return Buffer.concat([Buffer.of(type, 0x80 | length.length), length, body])
}

/** A whole number, from 0 on, as its element. */
export function derInteger(value: number): Buffer {
  const bytes = wholeNumber(value)
  return der(tag.integer, (bytes[0] as number) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]))
}

/** An object identifier such as `1.2.840.113549`, as its element. */
export function derOid(name: string): Buffer {
  const [first = 0, second = 0, ...rest] = name.split('.').map(Number)
  const groups = [first * 40 + second, ...rest].map((value) => {
    const bytes = [value & 0x7f]
    for (let left = value >>> 7; left > 0; left >>>= 7) bytes.unshift(0x80 | (left & 0x7f))
    return Buffer.from(bytes)
  })
  return der(tag.oid, ...groups)
}

/** An element that was read: `whole` with tag and length, `content` without. */
export interface DerElement {
  tag: number
  content: Buffer
  whole: Buffer
}

/** The elements that follow each other in bytes; undefined where they are not DER (X.690, section 10.1). */
export function derElements(bytes: Buffer): DerElement[] | undefined {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1] ?? 0x80
    const more = first < 0x80 ? 0 : first & 0x7f
    // 0x80 is a length that is not stated; four bytes of it are 4 GiB
    if (first === 0x80 || more > 4 || at + 2 + more > bytes.length) return undefined
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more)
    const start = at + 2 + more
    const end = start + length
    if (end > bytes.length) return undefined
    elements.push({ tag: bytes[at] as number, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return elements
}

/** The value of an integer; undefined where it is none, is below 0, or 2^48 and more. */
export function derValue(element: DerElement | undefined): number | undefined {
  if (element?.tag !== tag.integer) return undefined
  const { content } = element
  const digits = content.subarray(content.findIndex((byte) => byte !== 0))
  if (content.length === 0 || (content[0] as number) >= 0x80 || digits.length > 6) return undefined
  return content.every((byte) => byte === 0) ? 0 : digits.readUIntBE(0, digits.length)
}

function wholeNumber(value: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}
