/** What bytes are read from at offsets: a file, or a bundle in parts. */
export interface Readable {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
}

/** Fills a buffer with the bytes from an offset on. @returns the part that is filled: all of it unless the file ends before */
export async function fill(buffer: Buffer, file: Readable, offset: number): Promise<Buffer> {
  let have = 0
  while (have < buffer.length) {
    const { bytesRead } = await file.read(buffer, have, buffer.length - have, offset + have)
    if (bytesRead === 0) break
    have += bytesRead
  }
  return buffer.subarray(0, have)
}

/** Reads up to `length` bytes at an offset: fewer only where the file ends before. */
export const readUpTo = (file: Readable, offset: number, length: number): Promise<Buffer> =>
  fill(Buffer.allocUnsafe(length), file, offset)

/** Reads `length` bytes at an offset; undefined where the file ends before. */
export async function readExactly(file: Readable, offset: number, length: number): Promise<Buffer | undefined> {
  const bytes = await readUpTo(file, offset, length)
  return bytes.length === length ? bytes : undefined
}
