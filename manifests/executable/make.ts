import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { pinnedNode } from './pinned-node.ts'
import { ownPlatform, type Platform } from './platforms.ts'
import type { Program } from './program.ts'
import { withoutLibatomic } from './without-libatomic.ts'

/** Settings of nodejs.org/api/single-executable-applications.html. */
const settings = {
  mainFormat: 'commonjs',
  disableExperimentalSEAWarning: true,
  // NODE_OPTIONS of whoever calls it is not meant for this program
  execArgvExtension: 'none',
} as const

/**
 * Makes the executable for a platform: the program inside Node. The same program gives the same bytes.
 * @throws SealiftError BUILD_NODE, BUILD_COMMAND
 */
export async function makeExecutable(program: Program, platform: Platform, output: string): Promise<void> {
  const directory = dirname(program.main)
  const work = await mkdtemp(join(directory, `${platform}-`))
  const [config, executable] = [join(work, 'sea.json'), join(work, 'node')]
  const node = await pinnedNode(platform, work)
  // before Node puts the program into it: what is written behind its end afterwards stays as it is
  await writeFile(executable, withoutLibatomic(await readFile(node.program)))
  // V8 takes a code cache from its own version for its own processor only, and complains about another one at each start
  const useCodeCache = platform === ownPlatform()
  // the path of the main script becomes part of the result: it must not be that of a temporary directory
  const main = basename(program.main)
  const { assets } = program
  await writeFile(config, JSON.stringify({ main, output, executable, assets, useCodeCache, ...settings }))
  // what a code cache holds lies where hashes put it, and these are seeded at random
  const args = ['--random-seed=1', '--build-sea', config]
  await promisify(execFile)(useCodeCache ? node.program : process.execPath, args, { cwd: directory, env: {} })
  await chmod(output, 0o755)
}
