import { spawn } from 'node:child_process'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

export type CommandOptions = {
  /** text for the program's standard input */
  input?: string
  /** milliseconds until the program is killed; 60,000 by default */
  timeout?: number
  directory?: string
  /** variables that are added to this process's own */
  environment?: Record<string, string>
}

const captured = 16 * 1024 * 1024

/**
 * Runs a program to its end and returns its standard output as text (16 MiB at most).
 * Another exit code than 0 is a CLUSTER_LAB_COMMAND error that carries the end of what the program wrote.
 */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const timeout = options.timeout ?? 60_000
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    let outSize = 0
    let errors = ''
    let expired = false
    const timer = setTimeout(() => {
      expired = true
      child.kill('SIGKILL')
    }, timeout)
    const fail = (why: string, cause?: unknown) =>
      reject(new SealiftError('CLUSTER_LAB_COMMAND', `${program} ${args[0] ?? ''} failed`, { why, cause }))
    child.stdout.on('data', (chunk: Buffer) => {
      outSize += chunk.length
      if (outSize <= captured) out.push(chunk)
      else child.kill('SIGKILL')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000)
    })
    child.on('error', (cause) => {
      clearTimeout(timer)
      fail(cause.message, cause)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (expired) return fail(`no end after ${timeout / 1000} s; ${errors.trim()}`)
      if (code === 0) return resolve(Buffer.concat(out).toString())
      fail(`exit ${code ?? signal}: ${(errors.trim() || Buffer.concat(out).toString().trim()).slice(-2000)}`)
    })
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}
