import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyPair } from './issue.ts'

/** The certificate and key that a directory keeps as NAME.crt and NAME.key; undefined where one of them is missing. */
export async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    readIfThere(join(directory, `${name}.crt`)),
    readIfThere(join(directory, `${name}.key`)),
  ])
  return certificate === undefined || key === undefined ? undefined : { certificate, key }
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Keeps a pair in a directory; only the owner may read the key. The key is written first: a certificate without its key
 * is noticed, the other way round is made again.
 */
export async function writePair(directory: string, name: string, { certificate, key }: KeyPair): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const [file, content, mode] of [
    [`${name}.key`, key, 0o600],
    [`${name}.crt`, certificate, 0o644],
  ] as const) {
    const path = join(directory, file)
    await writeFile(`${path}.partial`, content, { mode, flush: true })
    await rename(`${path}.partial`, path)
  }
}
