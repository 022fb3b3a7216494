import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { childTimes, runChild } from '../../child-process.ts'
import type { Credentials } from './tokens.ts'

/** bytes of its answer */
const outputLimit = 64 * 1024

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
  time: number = childTimes.credentials,
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
  const { status, stdout, beyond } = await runChild(program, {
    args: ['get'],
    stdin: `${server}\n`,
    time,
    grace: 0,
    output: outputLimit,
  }).catch((cause: NodeJS.ErrnoException) => {
    throw failed(cause.code ?? 'it cannot be started', cause)
  })
  if (beyond === 'output') throw failed(`its answer is longer than ${outputLimit} bytes`)
  if (beyond === 'time') throw failed(`it did not answer within ${time / 1000} s`)
  const text = stdout.toString()
  if (status === 0) return { text }
  // the one failure that is none; all helpers write it this way
  if (/credentials not found/i.test(text)) return 'unknown'
  throw failed(status === null ? 'it was killed' : `it ended with status ${status}`)
}
