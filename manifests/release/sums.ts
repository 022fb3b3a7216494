import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

/** The sums of all files of a directory, as `sha256sum --check` reads them, sorted by name. */
export async function sumsOf(directory: string): Promise<string> {
  const names = (await readdir(directory)).sort()
  const lines = await Promise.all(names.map(async (name) => `${await sha256Of(join(directory, name))}  ${name}\n`))
  return lines.join('')
}
