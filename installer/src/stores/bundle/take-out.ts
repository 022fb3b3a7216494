import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Descriptor } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Bytes } from '@sealift/bundle-spec/store.ts'
import { checkReplaceable } from '../target.ts'

/** Content that is hashed while it is read: it throws at the end where it does not match. */
export interface Content {
  descriptor: Descriptor
  bytes(): Promise<Bytes>
}

/**
 * Writes content to a file, which it replaces. It appears under its name only when all of it is on the disk and proven.
 * Directories that are missing are made for its owner alone.
 * @throws SealiftError BUNDLE_CONTENT, STORAGE_EXTRACT, USAGE_OUT
 */
export async function takeOut(content: Content, target: string, mode: number): Promise<void> {
  const [partial, directory] = [`${target}.partial`, path.dirname(target)]
  checkReplaceable(target)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    // what is there is no file of ours that goes on, and may be a link to somewhere else
    await rm(partial, { force: true })
    const file = await open(partial, 'wx', mode)
    try {
      for await (const chunk of await content.bytes()) await file.writeFile(chunk)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, target)
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {})
    if (cause instanceof SealiftError) throw cause
    throw new SealiftError('STORAGE_EXTRACT', `${target} cannot be taken out of the bundle`, {
      why: (cause as Error).message,
      fix: `see what is there, and how much room: ls -ld ${target}; df -h ${directory}`,
      cause,
    })
  }
}
