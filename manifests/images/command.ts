import { spawn } from 'node:child_process'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** bytes of a command's output that are kept for its error: the end, where the reason stands */
const outputKept = 16 * 1024

export interface CommandOptions {
  env?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 * @throws SealiftError BUILD_TOOL where the program is not installed, BUILD_COMMAND where it fails
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { signal } = options
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  })
  let stdout = ''
  let ending = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    ending = (ending + text).slice(-outputKept)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ending = (ending + text).slice(-outputKept)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).catch((cause: NodeJS.ErrnoException) => {
    if (signal?.aborted) throw cause
    throw new SealiftError('BUILD_TOOL', `${program} cannot be started`, {
      why: cause.code === 'ENOENT' ? 'it is not installed' : cause.message,
      fix: `apt-get install ${program}`,
      cause,
    })
  })
  if (code === 0) return stdout
  throw new SealiftError('BUILD_COMMAND', `${program} ${args.find((arg) => !arg.startsWith('-')) ?? ''} failed`, {
    why: ending.trim().split('\n').slice(-12).join('\n'),
    fix: `run it by hand: ${[program, ...args].join(' ')}`,
  })
}
