import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { certificatesProblem } from '../certificates/chain.ts'
import { readSmallText } from '../input/small-file.ts'
import { shellWord } from '../shell-word.ts'

/**
 * Reads a small text file that a flag names.
 * @throws SealiftError USAGE_FILE
 */
export async function readText(path: string, what: string): Promise<string> {
  return readSmallText(path, limits.smallFile, unusable(path, what))
}

/** The certificates of CAs (PEM) in a file that a flag names: all of them are good. @throws SealiftError USAGE_FILE */
export async function readCa(path: string): Promise<string> {
  const pem = await readText(path, 'CA')
  const problem = certificatesProblem(pem)
  if (problem !== undefined) throw unusable(path, 'CA')(problem)
  return pem
}

const unusable = (path: string, what: string) => (why: string, cause?: unknown) =>
  new SealiftError('USAGE_FILE', `${what} ${path} cannot be read`, { why, fix: `ls -l ${shellWord(path)}`, cause })

/** Reads the files that a flag names, each with `readText`. */
export const readTexts = (paths: readonly string[], what: string): Promise<string[]> =>
  Promise.all(paths.map((path) => readText(path, what)))

/** The passphrase of a private key comes from the environment, never from argv; an empty one is none. */
export const passphrase = (): string | undefined => process.env.SEALIFT_KEY_PASSPHRASE || undefined
