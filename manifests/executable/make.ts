import { execFile } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'
import type { PinnedNode } from './pinned-node.ts'
import { ownPlatform } from './platforms.ts'
import type { Program } from './program.ts'
import { withoutLibatomic } from './without-libatomic.ts'

/**
 * MiB of one half of V8's young generation. V8 by itself takes several times as much before it collects, and until then what
 * was read from networks waits too, outside of its heap: with 8 MiB a backup needed 40 MB more. Build, verify, seed and
 * serve were measured: none is slower by it.
 */
const semiSpace = 2

/** Settings of nodejs.org/api/single-executable-applications.html. */
const settings = {
  mainFormat: 'commonjs',
  disableExperimentalSEAWarning: true,
  // NODE_OPTIONS of whoever calls it is not meant for this program
  execArgvExtension: 'none',
  execArgv: [`--max-semi-space-size=${semiSpace}`],
} as const

/** Makes the executable: the program inside Node. The same program gives the same bytes. */
export async function makeExecutable(
  { main, assets }: Pick<Program, 'main' | 'assets'>,
  node: PinnedNode,
  output: string,
): Promise<void> {
  const [config, executable] = [`${node.executable}.json`, `${node.executable}-without-libatomic`]
  // before Node puts the program into it: what is written behind its end afterwards stays as it is
  await writeFile(executable, withoutLibatomic(await readFile(node.executable)))
  // V8 takes a code cache from its own version for its own processor only, and complains about another one at each start
  const useCodeCache = node.platform === ownPlatform()
  // the path of the main script becomes part of the result: it must not be that of a temporary directory
  const [name, cwd] = [basename(main), dirname(main)]
  await writeFile(config, JSON.stringify({ main: name, output, executable, assets, useCodeCache, ...settings }))
  // what a code cache holds lies where hashes put it, and these are seeded at random
  const args = ['--random-seed=1', '--build-sea', config]
  await promisify(execFile)(useCodeCache ? node.executable : process.execPath, args, { cwd, env: {} })
  await chmod(output, 0o755)
}
