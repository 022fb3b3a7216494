import type { Random } from '../random.ts'

/** What files of other formats begin with. */
const beginnings: readonly Buffer[] = [
  Buffer.of(0x1f, 0x8b, 8, 0),
  Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0),
  Buffer.from('PK\x03\x04'),
  Buffer.from('%PDF-1.7\n'),
  Buffer.of(0x28, 0xb5, 0x2f, 0xfd),
  Buffer.from('BZh91AY&SY'),
  Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1'),
  Buffer.from('\x7fELF\x02\x01\x01'),
  Buffer.from('Salted__'),
  Buffer.from('age-encryption.org/v1\n'),
  Buffer.from('{"'),
  Buffer.from('[[[['),
  Buffer.from('-----BEGIN PUBLIC KEY-----\n'),
  Buffer.from('-----BEGIN ENCRYPTED PRIVATE KEY-----\n'),
  Buffer.from('apiVersion: sealift.dev/v1\nkind: '),
  Buffer.from('eyJhbGciOiJFZERTQSJ9.'),
  Buffer.of(0xff, 0xfe),
  Buffer.of(0xef, 0xbb, 0xbf),
  Buffer.alloc(600),
]

/** Bytes that are nobody's: random, of one value, or behind the first bytes of some format. */
export function foreign(random: Random): Buffer {
  const length = random.of([0, 1, 100, 511, 512, 513, 1024, 4096, 10_240])
  const body = random.below(4) === 0 ? Buffer.alloc(length, random.below(256)) : random.bytes(length)
  return random.below(3) === 0 ? body : Buffer.concat([random.of(beginnings), body])
}

type Change = (old: Buffer, random: Random, others: readonly Buffer[]) => Buffer

const place = (old: Buffer, random: Random): number => random.below(old.length + 1)
/** A block of a tar or a larger one, where the file has several. */
function blocks(old: Buffer, random: Random): { size: number; at(): number } {
  const size = random.of([512, 512, 4096])
  return { size, at: () => random.below(Math.ceil(old.length / size) || 1) * size }
}

const changes: readonly Change[] = [
  function flipBits(old, random) {
    const copy = Buffer.from(old)
    for (let left = 1 + random.below(8); left > 0 && copy.length > 0; left--) {
      const at = random.below(copy.length)
      copy[at] = (copy[at] as number) ^ (1 << random.below(8))
    }
    return copy
  },
  function overwrite(old, random) {
    const copy = Buffer.from(old)
    const run =
      random.below(2) === 0 ? random.bytes(random.below(64)) : Buffer.alloc(random.below(600), random.of([0, 32, 255]))
    run.copy(copy, place(old, random))
    return copy
  },
  (old, random) => old.subarray(0, place(old, random)),
  (old, random) => old.subarray(place(old, random)),
  (old, random) =>
    Buffer.concat([old, random.of([random.bytes(random.below(700)), Buffer.alloc(512), Buffer.alloc(10_240)])]),
  function insert(old, random) {
    const at = place(old, random)
    return Buffer.concat([old.subarray(0, at), random.bytes(1 + random.below(20)), old.subarray(at)])
  },
  function cutOut(old, random) {
    const at = place(old, random)
    return Buffer.concat([old.subarray(0, at), old.subarray(at + 1 + random.below(600))])
  },
  function swapBlocks(old, random) {
    const { size, at } = blocks(old, random)
    const [one, other] = [at(), at()]
    const copy = Buffer.from(old)
    old.copy(copy, one, other, other + size)
    old.copy(copy, other, one, one + size)
    return copy
  },
  function repeatBlock(old, random) {
    const { size, at } = blocks(old, random)
    const start = at()
    const block = old.subarray(start, start + size)
    return Buffer.concat([old.subarray(0, start), ...random.several(1, 20, () => block), old.subarray(start)])
  },
  function splice(old, random, others) {
    const other = random.of([old, ...others])
    return Buffer.concat([old.subarray(0, place(old, random)), other.subarray(place(other, random))])
  },
]

/** A good input with one to three changes of its bytes; `others` are what it may be spliced with. */
export function damaged(random: Random, good: Buffer, others: readonly Buffer[] = []): Buffer {
  return random.several(1, 3, () => random.of(changes)).reduce((bytes, change) => change(bytes, random, others), good)
}
