import { machines } from './compare-exchange.ts'
import { type Dynamic, dynamicOf, type Elf, programHeaders, stringAt } from './elf.ts'

const library = 'libatomic.so.1'
const wanted = '__atomic_compare_exchange'

/** page of memory, in bytes: what lies between the end of a segment and the next one is loaded, and is zero */
const page = 4096

/**
 * A copy of a program for Linux on x86-64 or 64-bit Arm that does not need libatomic.so.1, which minimal systems lack: the
 * function that it takes from there becomes part of it. A program that does not need it stays as it is.
 * @throws Error where it needs more of that library than this function
 */
export function withoutLibatomic(program: Buffer): Buffer {
  const bytes = Buffer.from(program)
  const elf: Elf = { bytes, headers: programHeaders(bytes) }
  const dynamic = dynamicOf(elf)
  const needed = dynamic.needed.findIndex(({ name }) => name === library)
  if (needed < 0) return bytes
  const machine = machines.get(bytes.readUInt16LE(18))
  if (!machine) throw new Error(`no code for the processor of the program is at hand that does what ${library} does`)
  const { code, relocation } = machine
  const versions = retarget(elf, dynamic)
  const address = append(elf, code)
  let found = 0
  for (const at of dynamic.relocations) {
    const symbol = bytes.readUInt32LE(at + 12)
    if (!versions.has(bytes.readUInt16LE(dynamic.versionOf(symbol)) & 0x7fff)) continue
    const name = stringAt(bytes, dynamic.nameOf(symbol))
    const kind = bytes.readUInt32LE(at + 8)
    if (name !== wanted || (kind !== relocation.jumpSlot && kind !== relocation.globalData))
      throw new Error(`the program takes ${name} from ${library} (relocation ${kind}), which is not at hand`)
    bytes.writeUInt32LE(relocation.indirect, at + 8)
    bytes.writeUInt32LE(0, at + 12)
    bytes.writeBigUInt64LE(BigInt(address), at + 16)
    found++
  }
  if (found === 0) throw new Error(`the program does not say what it takes from ${library}`)
  dynamic.remove(dynamic.needed[needed]?.at as number)
  return bytes
}

/**
 * Lets what was asked of libatomic ask the library next to it in the list for something that is asked of it anyway
 * (Linux Standard Base, "Symbol Versioning"). Returns the numbers of its versions.
 */
function retarget({ bytes }: Elf, { versionNeeds, string }: Dynamic): Set<number> {
  const at = versionNeeds.find((need) => stringAt(bytes, string(bytes.readUInt32LE(need + 4))) === library)
  const other = versionNeeds.find((need) => need !== at)
  if (at === undefined || other === undefined) throw new Error(`the program asks for no version of ${library}`)
  const [own, others] = [at, other].map((need) => need + bytes.readUInt32LE(need + 8)) as [number, number]
  const count = bytes.readUInt16LE(at + 2)
  const numbers = new Set<number>()
  for (let i = 0, version = own; i < count; i++, version += bytes.readUInt32LE(version + 12)) {
    numbers.add(bytes.readUInt16LE(version + 6))
    // hash and name; the number stays
    bytes.copy(bytes, version, others, others + 4)
    bytes.copy(bytes, version + 8, others + 8, others + 12)
  }
  bytes.copy(bytes, at + 4, other + 4, other + 8)
  return numbers
}

/** Puts code behind the end of the segment that is executed, where its last page is empty. Returns its address. */
function append({ bytes, headers }: Elf, added: Buffer): number {
  const header = headers.find(({ load, execute }) => load && execute)
  if (!header || header.fileSize !== header.memorySize) throw new Error('the program has no segment to put code into')
  const size = Math.ceil(header.fileSize / 16) * 16
  const start = header.offset + size
  const room = bytes.subarray(start, start + added.length)
  if ((start % page) + added.length > page || room.some((byte) => byte !== 0))
    throw new Error('the last page of the code of the program is full')
  added.copy(room)
  header.resize(size + added.length)
  return header.address + size
}
