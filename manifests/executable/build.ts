import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheDirectory, makeFile } from '../images/cache.ts'
import { makeExecutable } from './make.ts'
import { pinnedNode } from './pinned-node.ts'
import { ownPlatform, platforms } from './platforms.ts'
import { bundleProgram } from './program.ts'

/** What else decides about the bytes: how they are put together. */
const recipe = ['make.ts', 'without-libatomic.ts', 'compare-exchange.ts', 'elf.ts']

/**
 * Makes the single executable `sealift` for a platform: the command line interface as one file inside Node. Returns its
 * path in the cache; the same sources are not built twice.
 */
export async function buildExecutable(platform = ownPlatform()): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-executable-'))
  try {
    const program = await bundleProgram(directory)
    const hash = createHash('sha256').update(platforms[platform])
    const files = [program.main, ...Object.values(program.assets)]
    for (const file of [...files, ...recipe.map((name) => join(import.meta.dirname, name))])
      hash.update(await readFile(file))
    const path = join(cacheDirectory(), 'executable', hash.digest('hex').slice(0, 16), 'sealift')
    if (!existsSync(path)) {
      const node = await pinnedNode(platform, directory)
      await makeFile(path, (output) => makeExecutable(program, node, output))
    }
    await keepNewest(dirname(dirname(path)), dirname(path))
    return path
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Executables that are kept: each has 150 MB, and every change of the sources makes others. */
const kept = 4

/** Marks a directory as used now, and removes those that were not used for the longest time, half-made ones included. */
async function keepNewest(cache: string, used: string): Promise<void> {
  const now = new Date()
  await utimes(used, now, now)
  // another build may be at the same work
  const age = async (name: string) => {
    const path = join(cache, name)
    return { path, at: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
  }
  const all = await Promise.all((await readdir(cache)).map(age))
  for (const { path } of all.sort((a, b) => b.at - a.at).slice(kept)) await rm(path, { recursive: true, force: true })
}
