import { statSync } from 'node:fs'
import { followFront, isGuarded, runGuarded } from './guard.ts'

/** bytes: less is sent again sooner than a second process starts */
const worthGuarding = 100e6

/**
 * Runs a command line, in a process behind this one where much is to be sent to a registry: some lose what is on its way
 * when its sender is killed. That is found out before anything else is loaded, so it costs the start of one bare process.
 */
export async function start(words: readonly string[]): Promise<void> {
  if (isGuarded()) followFront()
  else if (sendsMuch(words)) {
    process.exitCode = await runGuarded()
    return
  }
  const { run } = await import('./program.ts')
  await run(words)
  // a name that is being looked up can't be given up, and would hold the end up until the resolver does
  process.exit()
}

function sendsMuch([command, ...rest]: readonly string[]): boolean {
  if (command !== 'seed' || rest.some((word) => ['--help', '--version', '--dry-run'].includes(word))) return false
  return rest.some((word) => !word.startsWith('-') && sizeOf(word) >= worthGuarding)
}

/** Bytes of a bundle; one in parts is a large one. */
function sizeOf(path: string): number {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file) return file.isFile() ? file.size : 0
  return statSync(`${path}.parts.json`, { throwIfNoEntry: false }) ? worthGuarding : 0
}
