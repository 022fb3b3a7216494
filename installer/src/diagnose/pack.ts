import { createHash } from 'node:crypto'
import { link, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { create } from 'tar'
import { cutTo, type Spool, type SpoolFile } from './spool.ts'

export interface Packed {
  /** bytes of the archive */
  size: number
  /** its SHA-256, in hex */
  sha256: string
}

export interface Packing {
  /** path of the archive */
  out: string
  /** bytes that it may have */
  most: number
  /** directory that all files are in when it is unpacked */
  prefix: string
  time: Date
  signal: AbortSignal
  /** Writes what says what is there and what was cut; called before each try. */
  summarize(): Promise<void>
}

/** files of which nothing is cut, and which stand first */
const first = ['summary.txt', 'summary.json', 'versions.yaml']
/** bytes that a file costs in a tar beside its content */
const perFile = 1536
/** how often the archive is written smaller before it is made so that it must fit */
const tries = 5

/**
 * Writes the archive: to `.partial`, then fsync, then to its name, never over another file. Where it gets too large, the
 * largest files lose what is oldest (logs) or behind (everything else) until it fits.
 * @throws SealiftError USAGE_EXISTS, STORAGE_FULL, STORAGE_WRITE
 */
export async function pack(spool: Spool, packing: Packing): Promise<Packed> {
  const partial = `${packing.out}.partial`
  try {
    for (let i = 0; ; i++) {
      packing.signal.throwIfAborted()
      await packing.summarize()
      const packed = await write(spool, partial, packing)
      if (packed.size <= packing.most) {
        await name(partial, packing.out)
        return packed
      }
      if (i > tries + 1) throw new Error(`the archive does not get smaller than ${packed.size} bytes`)
      const raw = rawSize(spool.files)
      // what is not compressed at all fits for certain
      const total = Math.min(raw * 0.8, (raw * packing.most * 0.9) / packed.size)
      await shrink(spool, i < tries ? total : packing.most * 0.9)
    }
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {})
    throw writeFailure(packing.out, cause)
  }
}

const rawSize = (files: readonly SpoolFile[]): number => files.reduce((sum, { bytes }) => sum + bytes + perFile, 0)

/** Cuts the largest files to one length, so that all together have so many bytes. */
async function shrink(spool: Spool, total: number): Promise<void> {
  const level = levelOf(spool.files, total)
  await spool.rewrite((text, file) => (first.includes(file.name) ? { text, cut: 0 } : cutTo(text, level, file.keep)))
}

/** The length to which files are cut, so that they have so many bytes together. */
export function levelOf(files: readonly SpoolFile[], total: number): number {
  const fixed = files.filter(({ name }) => first.includes(name)).reduce((sum, { bytes }) => sum + bytes, 0)
  const sizes = files.flatMap(({ name, bytes }) => (first.includes(name) ? [] : [bytes])).sort((a, b) => a - b)
  let room = total - fixed - files.length * perFile
  for (const [i, size] of sizes.entries()) {
    const share = room / (sizes.length - i)
    if (size > share) return Math.max(256, Math.floor(share))
    room -= size
  }
  return sizes.at(-1) ?? 0
}

/** Writes a tar, compressed. Ends early where it gets too large; then its size is more than allowed. */
async function write(spool: Spool, file: string, { prefix, time, most, signal }: Packing): Promise<Packed> {
  await rm(file, { force: true })
  // a link that somebody put there is not followed
  const handle = await open(file, 'wx', 0o600)
  try {
    const names = spool.files.map(({ name }) => name)
    const sorted = [...first.filter((one) => names.includes(one)), ...names.filter((one) => !first.includes(one))]
    const archive = create(
      { cwd: spool.directory, gzip: true, portable: true, mtime: time, prefix, strict: true },
      sorted,
    )
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of archive) {
      signal.throwIfAborted()
      const bytes = chunk as Buffer
      size += bytes.length
      if (size > most) break
      hash.update(bytes)
      await handle.appendFile(bytes)
    }
    await handle.sync()
    return { size, sha256: hash.digest('hex') }
  } finally {
    await handle.close()
  }
}

/** Gives the archive its name; where the file system has no links, after a look whether it is taken. */
async function name(partial: string, out: string): Promise<void> {
  try {
    await link(partial, out)
    await rm(partial)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    if (await stat(out).catch(() => undefined)) throw Object.assign(new Error('it is there'), { code: 'EEXIST' })
    await rename(partial, out)
  }
  const directory = await open(path.dirname(out), 'r')
  await directory.sync().finally(() => directory.close())
}

/** An error for whatever keeps the archive from being written. */
export function writeFailure(out: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (cause instanceof SealiftError || typeof code !== 'string' || code === 'ABORT_ERR') return cause
  if (code === 'EEXIST')
    return new SealiftError('USAGE_EXISTS', `${out} exists already and is not overwritten`, {
      fix: 'choose another name: --out FILE',
      cause,
    })
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SealiftError('STORAGE_FULL', `the disk of ${out} is full`, {
      fix: 'write to another one: --out FILE; or less: --max-size 5MB',
      cause,
    })
  return new SealiftError('STORAGE_WRITE', `${out} cannot be written`, {
    why: message,
    fix: `ls -ld ${path.dirname(out)}; or choose another place: --out FILE`,
    cause,
  })
}
