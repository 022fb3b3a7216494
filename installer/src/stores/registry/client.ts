import { type Answer, type Body, discard, exchange, readBody, type Sending } from './exchange.ts'
import { type Asked, protocolFailure, statusFailure, TransientFailure } from './failure.ts'
import { type Learned, nothingLearned } from './learned.ts'
import { type Attempts, attemptsAt, parseRetryAfter, type RetryPolicy, retrying } from './retry.ts'
import { type Authorizer, authorizer, type Credentials, type TokenRequest } from './tokens.ts'
import type { Transport } from './transport.ts'

/** One registry: where it is, its connections and its logins. */
export interface Client {
  /** name in errors */
  host: string
  origin: URL
  /** path at the registry that goes before every repository: `mirror/`, or empty */
  prefix: string
  transport: Transport
  auth: Authorizer
  retry: RetryPolicy
  learned: Learned
}

export interface ClientOptions extends Pick<Client, 'host' | 'origin' | 'prefix' | 'transport' | 'retry'> {
  credentials?: Credentials | undefined
}

export function createClient({ credentials, ...place }: ClientOptions): Client {
  const { host, origin } = place
  const fetchToken = (request: TokenRequest, signal?: AbortSignal) => sendTokenRequest(place, request, signal)
  return { ...place, learned: nothingLearned(), auth: authorizer({ origin, host, credentials, fetchToken }) }
}

/** What a request may do: `repository:<path>:pull` or `:pull,push` (distribution, "Token Scope Documentation"). */
export const scopeOf = (client: Client, path: string, actions: 'pull' | 'pull,push'): string =>
  `repository:${client.prefix}${path}:${actions}`

/** The address of something in a repository: `manifests/…`, `blobs/…`. */
export const urlOf = (client: Client, path: string, rest: string): URL =>
  new URL(`/v2/${client.prefix}${path}/${rest}`, client.origin)

export interface Request extends Pick<Sending, 'method' | 'url' | 'headersTimeout' | 'signal'> {
  /** completes "could not …" */
  operation: string
  scopes: readonly string[]
  headers?: Record<string, string>
  body?: Body
  /** statuses that the caller understands; others become errors */
  expect: readonly number[]
}

/**
 * Asks a registry: logs in when it asks for it (once), tries again what may pass (not streamed bodies).
 * @throws SealiftError REGISTRY_*; `signal.reason`
 */
export async function request(client: Client, asking: Request): Promise<Answer> {
  const { expect, signal } = asking
  const asked = { host: client.host, operation: asking.operation }
  const once = async (left: number) => {
    const answer = await authorized(client, asking, asked, left)
    if (expect.includes(answer.status)) return answer
    throw await failureOf(answer, asked, signal)
  }
  const streamed = asking.body !== undefined && !(asking.body instanceof Uint8Array)
  return streamed
    ? await once(client.transport.timeouts.patience)
    : await retrying(once, attemptsOf(client, asked), signal)
}

/** Begins to count the attempts at something that a registry is asked for. */
export const attemptsOf = ({ retry, transport }: Pick<Client, 'retry' | 'transport'>, asked: Asked): Attempts =>
  attemptsAt(asked, retry, transport.timeouts.patience)

/** Milliseconds until an answer starts, for the last attempts what is left of the patience. */
const answerTime = ({ transport: { timeouts } }: Pick<Client, 'transport'>, left: number): number =>
  Math.max(Math.min(timeouts.headers, left), Math.min(timeouts.headers, leastTime))

/** milliseconds that every attempt gets */
const leastTime = 1000

async function authorized(client: Client, asking: Request, asked: Asked, left: number): Promise<Answer> {
  const { method, url, headers, body, scopes, signal } = asking
  const headersTimeout = Math.max(answerTime(client, left), asking.headersTimeout ?? 0)
  // a registry may send uploads elsewhere: that place gets bytes, never a login
  const own = url.origin === client.origin.origin
  const send = (authorization: string | undefined) =>
    exchange(client.transport, {
      ...asked,
      method,
      url,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
      headersTimeout,
      ...(signal ? { signal } : {}),
    })
  const first = own ? await client.auth.current(scopes, signal) : undefined
  const answer = await send(first)
  if (answer.status !== 401 || !own || answer.url.origin !== url.origin) return answer
  const better = await client.auth.renew(answer.header('www-authenticate'), scopes, first, signal)
  if (better === undefined || (body !== undefined && !(body instanceof Uint8Array))) return answer
  discard(answer)
  return await send(better)
}

/** bytes of an error's body that are looked at */
const errorBody = 8 * 1024

async function failureOf(answer: Answer, asked: Asked, signal?: AbortSignal) {
  const body = await readBody(answer, errorBody, { ...asked, ...(signal ? { signal } : {}) }).catch(() => undefined)
  const failure = statusFailure(answer.status, body?.toString('utf8') ?? '', asked)
  if (failure instanceof TransientFailure) failure.retryAfter = parseRetryAfter(answer.header('retry-after'))
  return failure
}

/** bytes of a token service's answer */
const tokenBody = 256 * 1024

async function sendTokenRequest(
  { host, origin, transport, retry }: Pick<Client, 'host' | 'origin' | 'transport' | 'retry'>,
  { url, authorization, form }: TokenRequest,
  signal?: AbortSignal,
): Promise<string> {
  const asked = { host, operation: `get a token from ${url.host}` }
  return await retrying(
    async (left) => {
      const answer = await exchange(transport, {
        ...asked,
        method: form ? 'POST' : 'GET',
        url,
        headersTimeout: answerTime({ transport }, left),
        tokenOf: origin,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(form ? { body: Buffer.from(new URLSearchParams(form).toString()) } : {}),
        ...(signal ? { signal } : {}),
      })
      if (answer.status !== 200) {
        const failure = await failureOf(answer, asked, signal)
        throw failure.code === 'REGISTRY_FORBIDDEN' ? statusFailure(401, '', asked) : failure
      }
      const body = await readBody(answer, tokenBody, asked)
      if (!body) throw protocolFailure(asked, 'the token service answers without an end')
      return body.toString('utf8')
    },
    attemptsOf({ retry, transport }, asked),
    signal,
  )
}
