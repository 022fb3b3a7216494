import { createAttempt } from './attempt.ts'
import { parts } from './parts.ts'
import type { Means, Trial } from './trial.ts'

/** What a pod is asked to try. */
export interface Trials {
  means: Omit<Means, 'proxyAuthorization' | 'signal'>
  /** `key` comes back with how it went */
  trials: readonly (Trial & { key: number })[]
  /** how many at once */
  atOnce: number
  /** milliseconds before the first: networks take up a policy for a pod when they see that it has an address */
  settle: number
}

/** variable that holds the proxy's login, `user:password`: no argument does, which everybody could read */
export const loginVariable = 'PROXY_LOGIN'

/** bytes of one argument: an exec takes 128 KiB at most (Linux, MAX_ARG_STRLEN) */
const argument = 64 * 1024

const program = `
process.env.UV_THREADPOOL_SIZE = '8'
const modules = Object.fromEntries(['crypto', 'dns', 'http', 'net', 'tls'].map((name) => [name, require('node:' + name)]))
const { means, trials, atOnce, settle } = JSON.parse(process.argv.slice(1).join(''))
const login = process.env.${loginVariable}
const parts = {${Object.entries(parts).map(([name, part]) => `${name}: ${part.toString()}`)}}
const authorization = login ? { proxyAuthorization: 'Basic ' + Buffer.from(login).toString('base64') } : {}
const attempt = (${createAttempt.toString()})(modules, { ...means, ...authorization }, parts)
const left = trials.values()
const work = async () => {
  for (const { key, ...trial } of left) process.stdout.write(JSON.stringify({ key, ...(await attempt(trial)) }) + '\\n')
}
setTimeout(() => Promise.all(Array.from({ length: atOnce }, work)), settle)`

/** A command for an image with Node.js: tries what it is asked to, and writes how each went as a line of JSON (`Attempt` and `key`). */
export function attemptCommand(trials: Trials): readonly string[] {
  const text = JSON.stringify(trials)
  const parts = Array.from({ length: Math.ceil(text.length / argument) }, (_, i) =>
    text.slice(i * argument, (i + 1) * argument),
  )
  return ['node', '-e', program, ...parts]
}
