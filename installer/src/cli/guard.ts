import { spawn } from 'node:child_process'
import { isSea } from 'node:sea'

const mark = 'SEALIFT_GUARDED'

/** Whether this process works for another one that `runGuarded` left in front. */
export const isGuarded = (): boolean => process.env[mark] !== undefined

/**
 * Runs the same command again in a process of its own and waits for it. Where this one is killed, even by SIGKILL or with
 * its terminal, the other hears of it and ends in order, as after SIGTERM: what is on its way arrives and counts.
 * @returns the exit code of the command
 */
export async function runGuarded(): Promise<number> {
  const words = process.argv.slice(isSea() ? 2 : 1)
  const child = spawn(process.execPath, [...(isSea() ? [] : process.execArgv), ...words], {
    env: { ...process.env, [mark]: '1' },
    // a session of its own, so that what is sent to this one's group passes it by
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const pass = (name: NodeJS.Signals) => child.kill(name)
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, pass)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('exit', (code) => resolve(code ?? 1))
  return await promise.finally(() => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, pass)
  })
}

/** Ends this process in order when the one in front of it is gone. */
export function followFront(): void {
  // nobody may be reading any more
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // the channel alone keeps nothing alive
  process.channel?.unref()
}
