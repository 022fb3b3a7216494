/** DER (ITU-T X.690), as much as a certificate needs. */

/** One value: tag byte, length, contents. */
export function der(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents)
  const length: number[] = []
  for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff)
  const header = body.length < 128 ? [tag, body.length] : [tag, 0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from(header), body])
}

export const sequence = (...contents: Buffer[]): Buffer => der(0x30, ...contents)

/** An object identifier written with dots. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return der(0x06, Buffer.from(bytes))
}

/** UTCTime until 2049, as RFC 5280, section 4.1.2.5 wants it. */
export function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
}
