import { spawn } from 'node:child_process'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Credentials } from './tokens.ts'

/** milliseconds, and bytes of its answer */
const helperLimits = { time: 30_000, output: 64 * 1024 }

/** What a helper answers, or `unknown` where it has nothing for that server. */
type Said = { text: string } | 'unknown'

/**
 * Asks `docker-credential-NAME get` for the login of a server (docker/docker-credential-helpers, "Development"): the
 * server goes to its stdin, JSON comes back. Its output is never shown, logged or put into an error.
 * @throws SealiftError USAGE_CREDENTIAL_HELPER
 */
export async function askHelper(
  name: string,
  server: string,
  time = helperLimits.time,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`
  const failed = (why: string, cause?: unknown) =>
    new SealiftError('USAGE_CREDENTIAL_HELPER', `the credential helper ${program} gives no login for ${server}`, {
      why,
      fix: `see what it says: echo ${server} | ${program} get`,
      cause,
    })
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) throw failed('its name is not one of a program')
  const said = await run(program, server, time, failed)
  if (said === 'unknown') return undefined
  let answer: { Username?: unknown; Secret?: unknown } | null
  try {
    answer = JSON.parse(said.text)
  } catch {
    // the parser's message would quote the secret
    throw failed('its answer is not JSON')
  }
  const { Username: username, Secret: secret } = answer ?? {}
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed('its answer has no Username or Secret')
  if (username === '' && secret === '') return undefined
  return username === '<token>' ? { identityToken: secret } : { username, password: secret }
}

async function run(
  program: string,
  server: string,
  time: number,
  failed: (why: string, cause?: unknown) => SealiftError,
): Promise<Said> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const stop = () => {
    child.kill('SIGKILL')
    // what it started itself may keep the pipe open
    child.stdout.destroy()
  }
  const timer = setTimeout(stop, time)
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', (cause) => reject(failed((cause as NodeJS.ErrnoException).code ?? 'it cannot be started', cause)))
  child.once('close', resolve)
  // one that does not read its input is judged by its answer
  child.stdin.on('error', () => {})
  child.stdin.end(`${server}\n`)
  const chunks: Buffer[] = []
  let size = 0
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > helperLimits.output) stop()
    else chunks.push(chunk)
  })
  const status = await ended.finally(() => clearTimeout(timer))
  const text = Buffer.concat(chunks).toString('utf8')
  if (size > helperLimits.output) throw failed(`its answer is longer than ${helperLimits.output} bytes`)
  if (status === null) throw failed(`it did not answer within ${time / 1000} s`)
  if (status === 0) return { text }
  // the one failure that is none; all helpers write it this way
  if (/credentials not found/i.test(text)) return 'unknown'
  throw failed(`it ended with status ${status}`)
}
