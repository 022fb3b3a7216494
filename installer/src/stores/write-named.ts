import { checkTarget } from './target.ts'
import { writeFailure } from './write-failure.ts'
import { writeWhole } from './write-whole.ts'

/**
 * Writes a small file that somebody names; one that is there is replaced. A crash or a full disk leaves the old one or the
 * new one.
 * @throws SealiftError USAGE_OUT, STORAGE_FULL, STORAGE_WRITE
 */
export function writeNamed(file: string, content: string | Uint8Array, mode = 0o600): void {
  checkTarget(file)
  try {
    writeWhole(file, content, mode)
  } catch (cause) {
    throw writeFailure(file, cause)
  }
}
