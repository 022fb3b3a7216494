/** Bytes of a tar record (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const record = 512

/** What a header says of its entry. Nothing of it is to be believed but that its checksum is right. */
export interface UstarHeader {
  name: string
  /** bytes that follow; none for a directory, whatever its header says */
  size: number
  /** the typeflag, as a digit or letter; `0` for the NUL of old tars, `5` for their directories */
  type: string
  /** what a link leads to */
  linkName: string
}

/** Where fields lie, and how long they are (POSIX.1-2017, pax, "ustar Header Block"). */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const
type Field = keyof typeof fields

const zeros = Buffer.alloc(record)

export const isZeros = (block: Buffer): boolean => block[0] === 0 && block.equals(zeros)

/**
 * Reads a header of any tar, whatever its 512 bytes are.
 * @returns undefined where they are no header: a wrong checksum, no name, or a size that is no whole number of bytes, is
 * negative or beyond what a file can have
 */
export function decodeHeader(block: Buffer): UstarHeader | undefined {
  if (block.length !== record || number(block, 'checksum') !== checksumOf(block)) return undefined
  // GNU's magic is another one, and has other fields there
  const prefix = text(block, 'magic') === 'ustar' ? text(block, 'prefix') : ''
  const name = prefix === '' ? text(block, 'name') : `${prefix}/${text(block, 'name')}`
  const flag = String.fromCharCode(block[fields.type[0]] as number)
  const isFile = flag === '0' || flag === '\0'
  const type = isFile ? (name.endsWith('/') ? '5' : '0') : flag
  const size = type === '5' ? 0 : number(block, 'size')
  if (name === '' || size === undefined) return undefined
  return { name, size, type, linkName: text(block, 'linkName') }
}

/**
 * The header of a plain file: mode 0644, owner 0, time 0. Numbers are octal, with a space where there is room for one, and
 * a NUL behind; a size of 8 GiB or more is base-256 (GNU tar manual, "Extensions to the Archive Format").
 * @param name of at most 100 bytes
 */
export function encodeHeader(name: string, size: number): Buffer {
  const block = Buffer.from(plain)
  block.write(name, 0, 100)
  const [start, length] = fields.size
  if (size < 8 ** 11) block.write(octal(size, length), start, 'latin1')
  else {
    block[start] = 0x80
    block.writeUIntBE(Math.floor(size / 2 ** 32), start + length - 8, 4)
    block.writeUInt32BE(size % 2 ** 32, start + length - 4)
  }
  block.write(octal(checksumOf(block), fields.checksum[1]), fields.checksum[0], 'latin1')
  return block
}

const octal = (value: number, length: number): string => {
  const digits = value.toString(8).padStart(length - 2, '0')
  return digits.length === length - 1 ? `${digits}\0` : `${digits} \0`
}

const plain = Buffer.alloc(record)
for (const [field, value] of [
  ['mode', 0o644],
  ['uid', 0],
  ['gid', 0],
  ['mtime', 0],
  ['major', 0],
  ['minor', 0],
] as const)
  plain.write(octal(value, fields[field][1]), fields[field][0], 'latin1')
plain.write('0', fields.type[0])
plain.write('ustar\x0000', fields.magic[0], 'latin1')

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksumOf(block: Buffer): number {
  const [start, length] = fields.checksum
  let sum = length * 0x20
  for (let i = 0; i < start; i++) sum += block[i] as number
  for (let i = start + length; i < record; i++) sum += block[i] as number
  return sum
}

/** A field up to its first NUL. */
function text(block: Buffer, field: Field): string {
  const [start, length] = fields[field]
  const end = block.subarray(start, start + length).indexOf(0)
  return block.toString('utf8', start, start + (end < 0 ? length : end))
}

/** A field as a whole number of at least 0: octal digits, or base-256 behind 0x80; an empty one is 0. */
function number(block: Buffer, field: Field): number | undefined {
  const [start, length] = fields[field]
  if (block[start] === 0x80) {
    const value = block.subarray(start + 1, start + length).reduce((sum, byte) => sum * 256 + byte, 0)
    return Number.isSafeInteger(value) ? value : undefined
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(block.toString('latin1', start, start + length))?.[1]
  return digits === undefined ? undefined : Number.parseInt(`0${digits}`, 8)
}
