import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached, hashInputs } from '../lab/cache.ts'
import { run } from '../lab/command.ts'

const source = fileURLToPath(new URL('./npm/', import.meta.url))
const files = ['package.json', 'package-lock.json'] as const

/** Directory of npm packages to measure beside or with: those of npm/package-lock.json, by its hashes, in the cache. */
export async function npmPeers(log: (line: string) => void): Promise<string> {
  const inputs = await Promise.all(files.map((name) => readFile(join(source, name))))
  const directory = await cached(`bench-npm-${hashInputs(inputs)}`, 5 * 60_000, async (directory) => {
    log('installing npm packages to measure with')
    for (const name of files) await cp(join(source, name), join(directory, name))
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { directory, timeout: 5 * 60_000 })
  })
  return join(directory, 'node_modules')
}

/** The version of one of them. */
export async function npmVersion(modules: string, name: string): Promise<string> {
  return JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8')).version
}
