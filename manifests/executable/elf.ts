/** A program in ELF for 64 bits, little-endian (System V gABI, chapters 4 and 5). Offsets and sizes are in bytes. */
export interface Elf {
  bytes: Buffer
  headers: ProgramHeader[]
}

export interface ProgramHeader {
  type: number
  /** whether it is put into memory, and is code */
  load: boolean
  execute: boolean
  offset: number
  address: number
  fileSize: number
  memorySize: number
  /** Changes its size, in the file and in memory. */
  resize(size: number): void
}

const type = { load: 1, dynamic: 2 }

/** @throws Error where it is no such program */
export function programHeaders(bytes: Buffer): ProgramHeader[] {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    throw new Error('not a program in ELF for 64 bits, little-endian')
  const [start, size, count] = [number(bytes, 32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)]
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size
    return {
      type: bytes.readUInt32LE(at),
      load: bytes.readUInt32LE(at) === type.load,
      execute: (bytes.readUInt32LE(at + 4) & 1) === 1,
      offset: number(bytes, at + 8),
      address: number(bytes, at + 16),
      fileSize: number(bytes, at + 32),
      memorySize: number(bytes, at + 40),
      resize(size) {
        for (const field of [at + 32, at + 40]) bytes.writeBigUInt64LE(BigInt(size), field)
      },
    }
  })
}

/** What the dynamic linker reads. `at` and all that functions return are offsets in the file. */
export interface Dynamic {
  /** libraries, in their order */
  needed: { name: string; at: number }[]
  /** each entry with an addend (24 bytes: place, kind, symbol, addend) */
  relocations: number[]
  /** each library of which versions are asked for (Verneed) */
  versionNeeds: number[]
  string(index: number): number
  nameOf(symbol: number): number
  versionOf(symbol: number): number
  /** Takes an entry out of the table. */
  remove(at: number): void
}

const tag = {
  needed: 1,
  pltSize: 2,
  strings: 5,
  symbols: 6,
  rela: 7,
  relaSize: 8,
  pltRelocations: 23,
  versions: 0x6ffffff0,
  versionNeeds: 0x6ffffffe,
  versionNeedsCount: 0x6fffffff,
}

/** @throws Error where it has no dynamic table, or one without what it must have */
export function dynamicOf({ bytes, headers }: Elf): Dynamic {
  const table = headers.find((header) => header.type === type.dynamic)
  if (!table) throw new Error('the program is not linked dynamically')
  const entries: { tag: number; value: number; at: number }[] = []
  for (let at = table.offset; number(bytes, at) !== 0; at += 16)
    entries.push({ tag: number(bytes, at), value: number(bytes, at + 8), at })
  const end = table.offset + (entries.length + 1) * 16
  const value = (wanted: number): number => {
    const entry = entries.find((one) => one.tag === wanted)
    if (!entry) throw new Error(`the program has no dynamic entry ${wanted}`)
    return entry.value
  }
  const offsetOf = (address: number): number => {
    const header = headers.find((one) => one.load && address >= one.address && address < one.address + one.fileSize)
    if (!header) throw new Error(`no segment of the program holds the address ${address}`)
    return address - header.address + header.offset
  }
  const string = (index: number) => offsetOf(value(tag.strings)) + index
  const relocationsIn = (start: number, size: number) =>
    Array.from({ length: size / 24 }, (_, i) => offsetOf(start) + i * 24)
  const versionNeeds: number[] = []
  for (let i = 0, at = offsetOf(value(tag.versionNeeds)); i < value(tag.versionNeedsCount); i++) {
    versionNeeds.push(at)
    at += bytes.readUInt32LE(at + 12)
  }
  return {
    needed: entries
      .filter((entry) => entry.tag === tag.needed)
      .map(({ value, at }) => ({ name: stringAt(bytes, string(value)), at })),
    relocations: [
      ...relocationsIn(value(tag.rela), value(tag.relaSize)),
      ...relocationsIn(value(tag.pltRelocations), value(tag.pltSize)),
    ],
    versionNeeds,
    string,
    nameOf: (symbol) => string(bytes.readUInt32LE(offsetOf(value(tag.symbols)) + symbol * 24)),
    versionOf: (symbol) => offsetOf(value(tag.versions)) + symbol * 2,
    remove(at) {
      bytes.copy(bytes, at, at + 16, end)
      bytes.fill(0, end - 16, end)
    },
  }
}

/** The text at an offset, up to its NUL. */
export const stringAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, bytes.indexOf(0, at))

/** A number of 64 bits; sizes and addresses here are far below 2^53. */
const number = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))
