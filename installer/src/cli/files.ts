import { readFile, stat } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'

/**
 * Reads a small text file that a flag names.
 * @throws SealiftError USAGE_FILE
 */
export async function readText(path: string, what: string): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isFile() || info.size > limits.license)
      throw Object.assign(new Error('not a small file'), { code: 'not a small file' })
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SealiftError('USAGE_FILE', `${what} ${path} cannot be read`, {
      why: (cause as NodeJS.ErrnoException).code,
      fix: `ls -l ${path}`,
      cause,
    })
  }
}

/** Reads the files that a flag names, each with `readText`. */
export const readTexts = (paths: readonly string[], what: string): Promise<string[]> =>
  Promise.all(paths.map((path) => readText(path, what)))

/** The passphrase of a private key comes from the environment, never from argv; an empty one is none. */
export const passphrase = (): string | undefined => process.env.SEALIFT_KEY_PASSPHRASE || undefined
