import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Writes a small file so that a crash leaves the old one or the new one. Only the owner may read it. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const handle = openSync(`${file}.partial`, 'w', 0o600)
  try {
    writeFileSync(handle, content)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(`${file}.partial`, file)
  // the name is on the disk with its directory
  const directory = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
