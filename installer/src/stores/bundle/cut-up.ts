import { open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Parts, partName } from '@sealift/bundle-spec/parts.ts'
import { writeFailure } from '../write-failure.ts'
import { openRegularFile, partedFile } from './parted-file.ts'
import { assertRoom, copyPart, holds, syncDirectory } from './write-part.ts'

export interface CutOptions {
  signal?: AbortSignal
  onStep?: (title: string) => void
  onProgress?: (done: number, total: number) => void
}

/**
 * Cuts a file into the parts that an index names, in place: the file becomes part 1, then each other part, the last one
 * first, is copied from its end, made durable and cut off. Every step can be killed and done again.
 * @returns bytes of parts that an earlier run had cut off
 * @throws SealiftError STORAGE_*, BUNDLE_PART_MISSING where neither the file nor the part has the bytes
 */
export async function cutUp(path: string, index: Parts, options: CutOptions): Promise<number> {
  try {
    return await cutFromEnd(path, index, options)
  } catch (cause) {
    throw writeFailure(path, cause)
  }
}

async function cutFromEnd(path: string, { parts, size }: Parts, options: CutOptions): Promise<number> {
  const rest = partName(path, 1)
  if (await stat(path).catch(() => undefined)) {
    await rename(path, rest)
    await syncDirectory(dirname(path))
  }
  options.onStep?.(`Cutting into ${parts.length} parts`)
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.size, 0))
  let kept = 0
  let done = parts[0]?.size ?? 0
  for (let i = parts.length - 1; i > 0; i--) {
    const part = parts[i] as Parts['parts'][number]
    const start = starts[i] as number
    const target = partName(path, i + 1)
    const length = await lengthOf(rest)
    if (length > start && !(await holds(target, part, options.signal))) {
      await assertRoom(path, part.size)
      const source = partedFile([await openRegularFile(rest)])
      const onBytes = (bytes: number) => {
        done += bytes
        options.onProgress?.(done, size)
      }
      await copyPart(source, start, part, target, { signal: options.signal, onBytes }).finally(() => source.close())
    } else {
      if ((await stat(target).catch(() => undefined))?.size !== part.size)
        throw new SealiftError('BUNDLE_PART_MISSING', `${target} is missing`, {
          why: `an earlier run cut it off ${rest}`,
          fix: 'build the bundle again',
        })
      kept += part.size
      done += part.size
    }
    if (length > start) await truncate(rest, start)
  }
  return kept
}

async function lengthOf(first: string): Promise<number> {
  const info = await stat(first).catch(() => undefined)
  if (info?.isFile()) return info.size
  throw new SealiftError('BUNDLE_PART_MISSING', `${first} is missing`, {
    why: 'it has all that an earlier run has not cut off yet',
    fix: 'build the bundle again, or carry it over again',
  })
}

async function truncate(path: string, size: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}
