import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { kindOf, whyUnreadable } from '../input/regular-file.ts'
import { shellWord } from '../shell-word.ts'

/**
 * Checks a place that somebody names for a file, before anything is written: there is nothing or a file, which is replaced,
 * and its directory is there and may be written to. To replace a device or a pipe would take it away.
 * @throws SealiftError USAGE_OUT, STORAGE_WRITE
 */
export function checkTarget(file: string): void {
  checkReplaceable(file)
  const directory = path.dirname(file)
  const bad = (why: string, fix: string, cause?: unknown) =>
    new SealiftError('STORAGE_WRITE', `${file} cannot be written`, { why, fix, cause })
  const info = statSync(directory, { throwIfNoEntry: false })
  if (info === undefined) throw bad(`there is no directory ${directory}`, `mkdir -p ${shellWord(directory)}`)
  if (!info.isDirectory()) throw bad(`${directory} is ${kindOf(info)}, not a directory`, 'name another place')
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw bad(`this user may not write to ${directory}`, `ls -ld ${shellWord(directory)}`, cause)
  }
}

/** @throws SealiftError USAGE_OUT where a name ends as that of a directory does */
export function checkName(file: string): void {
  if (/(^|\/)\.{0,2}$/.test(file)) throw noPlace(file, 'it names a directory')
}

const noPlace = (file: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('USAGE_OUT', `${file || 'an empty name'} is no place for a file`, {
    why,
    fix: 'name a file, which is there or not, in a directory of yours',
    cause,
  })

/** Only the first half: for those who make directories that are missing. @throws SealiftError USAGE_OUT */
export function checkReplaceable(file: string): void {
  checkName(file)
  const bad = (why: string, cause?: unknown) => noPlace(file, why, cause)
  let info: ReturnType<typeof statSync>
  try {
    info = statSync(file, { throwIfNoEntry: false })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // what is not seen here is told of its directory
    if (code === 'EACCES' || code === 'ENOTDIR') return
    throw bad(whyUnreadable(cause), cause)
  }
  if (info && !info.isFile()) throw bad(`${kindOf(info)} is there`)
}
