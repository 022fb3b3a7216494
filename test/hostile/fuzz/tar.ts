import { gunzipSync, gzipSync } from 'node:zlib'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import type { Random } from '../random.ts'
import { damaged } from './bytes.ts'
import { oddJson } from './text.ts'

const record = 512

/** Files of a tar by their names, in order. */
export type Files = Map<string, Buffer>

/** Reads a tar of our own making: plain headers, nothing odd. */
export function filesOf(tar: Buffer): Files {
  const files: Files = new Map()
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at))
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    files.set(name, tar.subarray(at + record, at + record + size))
    at += record + Math.ceil(size / record) * record
  }
  return files
}

/** A header as our writer makes it, of any name that fits. */
function headerFor(name: string, size: number): Buffer {
  const block = Buffer.alloc(record)
  block.write(name.slice(0, 100))
  for (const [at, text] of [
    [100, '000644 \0'],
    [108, '000000 \0'],
    [116, '000000 \0'],
    [124, `${size.toString(8).padStart(11, '0')} `],
    [136, '00000000000 '],
    [156, '0'],
    [257, 'ustar\x0000'],
    [329, '000000 \0'],
    [337, '000000 \0'],
  ] as const)
    block.write(text, at, 'latin1')
  return summed(block)
}

/** Makes the checksum of a header right. */
function summed(block: Buffer): Buffer {
  block.write('        ', 148)
  const sum = block.subarray(0, record).reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const blockOf = (content: Buffer): Buffer[] => [content, Buffer.alloc((record - (content.length % record)) % record)]

/** A tar with these files; headers are kept where a tar that held them is given. */
export function tarOf(files: Files, like?: Buffer): Buffer {
  const kept = (name: string): Buffer | undefined => {
    const at = like?.indexOf(`${name}\0`) ?? -1
    return at < 0 || at % record !== 0 ? undefined : Buffer.from((like as Buffer).subarray(at, at + record))
  }
  const parts = [...files].flatMap(([name, content]) => {
    const header = kept(name)
    header?.write(`${content.length.toString(8).padStart(11, '0')}`, 124)
    return [header ? summed(header) : headerFor(name, content.length), ...blockOf(content)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * record)])
}

/** Fields of a header: where each begins and how long it is (POSIX.1-2017, pax, "ustar Interchange Format"). */
const fields = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [124, 12],
  [124, 12],
  [136, 12],
  [156, 1],
  [156, 1],
  [157, 100],
  [257, 6],
  [263, 2],
  [265, 32],
  [329, 8],
  [345, 155],
] as const

const fieldTexts: readonly ((length: number, random: Random) => Buffer)[] = [
  (length, random) => random.bytes(length),
  (length) => Buffer.alloc(length, 0xff),
  (length) => Buffer.alloc(length, '7'),
  (length) => Buffer.alloc(length, ' '),
  (length) => Buffer.alloc(length),
  (length) => Buffer.concat([Buffer.of(0x80), Buffer.alloc(length - 1, 0xff)]),
  (length) => Buffer.concat([Buffer.of(0x80, 0, 0, 0), Buffer.alloc(Math.max(0, length - 4), 1)]).subarray(0, length),
  (length, random) => Buffer.from(random.of(['-1', '1e9', '0x10', 'NaN', '9', '0o7', '\x011'])).subarray(0, length),
  (_, random) => Buffer.from(random.of([...'01234567xgLKSVNDAMZ\0'])),
  (length) => Buffer.from('../../x').subarray(0, length),
  (length) => Buffer.from('/etc/passwd').subarray(0, length),
  (length, random) => Buffer.from(`a\x1b[31m${random.below(9)}\n\u202e`).subarray(0, length),
]

/** A tar in which a header or two say something else, most of them under a right checksum. */
export function oddHeaders(random: Random, tar: Buffer): Buffer {
  const copy = Buffer.from(tar)
  const headers: number[] = []
  for (let at = 0; at + record <= copy.length; at += record)
    if (copy.toString('latin1', at + 257, at + 262) === 'ustar') headers.push(at)
  for (let left = 1 + random.below(2); left > 0 && headers.length > 0; left--) {
    const at = random.of(headers)
    const [start, length] = random.of(fields)
    random
      .of(fieldTexts)(length, random)
      .copy(copy, at + start, 0)
    if (random.below(6) > 0) summed(copy.subarray(at, at + record))
  }
  return copy
}

/** What is gzip-compressed, opened, changed and closed again; and once in a while something that unpacks to very much. */
function oddGzip(random: Random, packed: Buffer): Buffer {
  if (random.below(8) === 0) return bomb()
  const plain = gunzipSync(packed)
  return gzipSync(random.below(2) === 0 ? oddHeaders(random, plain) : damaged(random, plain), { level: 1 })
}
let packed: Buffer | undefined
/** 96 MB of zeros */
const bomb = (): Buffer => {
  packed ??= gzipSync(Buffer.alloc(96 << 20), { level: 1 })
  return packed
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b
function documentIn(bytes: Buffer): unknown {
  // a large one would cost this process more than the command that is watched in it
  if (bytes.length > 1 << 20 || (bytes[0] !== 0x7b && bytes[0] !== 0x5b)) return undefined
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** One file's content, changed as its kind suggests. */
export function oddContent(random: Random, bytes: Buffer): Buffer {
  if (random.below(8) === 0) return damaged(random, bytes)
  if (isGzip(bytes)) return oddGzip(random, bytes)
  const document = documentIn(bytes)
  return document === undefined ? damaged(random, bytes) : oddJson(random, document)
}

/**
 * Puts other content into a file of a layout, and changes names and sizes wherever they follow from it, so that every hash
 * holds: what is wrong is found only by who looks at the content.
 * @param nameOf the name that content of a digest has in the layout
 */
export function putContent(files: Files, name: string, content: Buffer, nameOf: (digest: string) => string): void {
  const was = digestOf(files.get(name) as Buffer)
  if (name !== nameOf(was)) {
    files.set(name, content)
    return
  }
  const is = digestOf(content)
  files.delete(name)
  files.set(nameOf(is), content)
  if (is === was) return
  for (const other of [...files.keys()]) {
    const bytes = files.get(other)
    if (other !== nameOf(is) && bytes?.includes(was))
      putContent(files, other, renamed(bytes, was, is, content.length), nameOf)
  }
}

function renamed(bytes: Buffer, was: string, is: string, size: number): Buffer {
  const document = documentIn(bytes)
  if (document === undefined) return Buffer.from(bytes.toString('latin1').replaceAll(was, is), 'latin1')
  const text = JSON.stringify(document, (_, value: unknown) => {
    if (typeof value === 'string') return value.replaceAll(was, is)
    return isDescriptorOf(value, was) ? { ...value, size } : value
  })
  return Buffer.from(text)
}

const isDescriptorOf = (value: unknown, digest: string): value is object =>
  typeof value === 'object' && value !== null && 'digest' in value && value.digest === digest
