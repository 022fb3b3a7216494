import { promisify } from 'node:util'
import { crc32, inflateRaw, type Zlib } from 'node:zlib'
import { TarFault } from './tar.ts'

const inflate = promisify(inflateRaw) as unknown as (
  bytes: Buffer,
  options: { info: true; maxOutputLength: number },
) => Promise<{ buffer: Buffer; engine: Zlib }>

/**
 * Unpacks gzip (RFC 1952) of exactly one member with nothing behind it: where there is more, readers differ in what they
 * see. Never unpacks more than `most` bytes.
 * @throws TarFault
 */
export async function gunzipOne(archive: Buffer, most: number): Promise<Buffer> {
  const start = headerLength(archive)
  const { buffer, engine } = await inflate(archive.subarray(start), { info: true, maxOutputLength: most }).catch(
    (error: NodeJS.ErrnoException) => {
      const isBomb = error.code === 'ERR_BUFFER_TOO_LARGE'
      throw new TarFault(isBomb ? `unpacks to more than ${most} bytes` : 'is cut or damaged within its gzip')
    },
  )
  const trailer = start + engine.bytesWritten
  if (archive.length < trailer + 8) throw new TarFault('is cut at the end of its gzip')
  if (archive.readUInt32LE(trailer) !== crc32(buffer) || archive.readUInt32LE(trailer + 4) !== buffer.length)
    throw new TarFault('is damaged: the checksum of its gzip is wrong')
  if (archive.length > trailer + 8) throw new TarFault('has something behind its gzip')
  return buffer
}

/** Flags of the header that say what else is in it. */
const flags = { headerSum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 }

function headerLength(archive: Buffer): number {
  if (archive.length < 18 || archive.readUInt32BE() >>> 8 !== 0x1f8b08) throw new TarFault('is not gzip')
  const has = archive[3] as number
  if (has & flags.reserved) throw new TarFault('is not gzip as it is written today')
  let at = 10
  if (has & flags.extra) at += 2 + archive.readUInt16LE(at)
  for (const flag of [flags.name, flags.comment])
    if (has & flag) {
      const end = archive.indexOf(0, at)
      if (end === -1) throw new TarFault('is cut within the header of its gzip')
      at = end + 1
    }
  return has & flags.headerSum ? at + 2 : at
}
