/** What bytes are read from at offsets: a file, or a bundle in parts. */
export interface Readable {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
}

/** Reads up to `length` bytes at an offset: fewer only where the file ends before. */
export async function readUpTo(file: Readable, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let have = 0
  while (have < length) {
    const { bytesRead } = await file.read(buffer, have, length - have, offset + have)
    if (bytesRead === 0) break
    have += bytesRead
  }
  return buffer.subarray(0, have)
}

/** Reads `length` bytes at an offset; undefined where the file ends before. */
export async function readExactly(file: Readable, offset: number, length: number): Promise<Buffer | undefined> {
  const bytes = await readUpTo(file, offset, length)
  return bytes.length === length ? bytes : undefined
}
