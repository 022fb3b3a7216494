import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Writes a small file so that a crash leaves the old one or the new one. Only the owner may read it, unless `mode` says more. */
export function writeWhole(file: string, content: string | Uint8Array, mode = 0o600): void {
  const partial = `${file}.partial`
  // what a crash has left, or a link or pipe that somebody put there
  rmSync(partial, { force: true })
  try {
    const handle = openSync(partial, 'wx', mode)
    try {
      writeFileSync(handle, content)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(partial, file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  // the name is on the disk with its directory
  const directory = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
