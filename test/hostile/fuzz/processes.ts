import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { environment } from './children.ts'

const cli = join(import.meta.dirname, '../../../installer/src/cli/sealift.mjs')
const watched = join(import.meta.dirname, 'watched.ts')

/** Runs a command line as a person does, in a process of its own; `home` is that of its user. */
export async function runProcess(words: readonly string[], home: string) {
  const child = spawn(process.execPath, ['--import', watched, cli, ...words], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      DOCKER_CONFIG: join(home, 'docker'),
      ...environment,
      SEALIFT_DEBUG: '1',
    },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const [[exitCode], stderr, memory] = await Promise.all([
    once(child, 'exit'),
    text(child.stderr as Readable),
    text(child.stdio[3] as Readable),
  ])
  return { exitCode: exitCode as number | null, stderr, memory: Number(memory) }
}
