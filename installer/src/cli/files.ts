import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readSmallText } from '../input/small-file.ts'
import { shellWord } from '../shell-word.ts'

/**
 * Reads a small text file that a flag names.
 * @throws SealiftError USAGE_FILE
 */
export async function readText(path: string, what: string): Promise<string> {
  return readSmallText(
    path,
    limits.smallFile,
    (why, cause) =>
      new SealiftError('USAGE_FILE', `${what} ${path} cannot be read`, { why, fix: `ls -l ${shellWord(path)}`, cause }),
  )
}

/** Reads the files that a flag names, each with `readText`. */
export const readTexts = (paths: readonly string[], what: string): Promise<string[]> =>
  Promise.all(paths.map((path) => readText(path, what)))

/** The passphrase of a private key comes from the environment, never from argv; an empty one is none. */
export const passphrase = (): string | undefined => process.env.SEALIFT_KEY_PASSPHRASE || undefined
