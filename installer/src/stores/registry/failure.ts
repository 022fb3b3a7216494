import { type ErrorCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import { duration, bytes as size } from '../../amounts.ts'
import { tlsFault } from '../../certificates/untrusted.ts'
import { tlsFailure } from './tls-failure.ts'

/** Who is asked for what: `operation` completes "could not …". */
export interface Asked {
  host: string
  operation: string
}

/** A failure that another attempt may not meet. */
export class TransientFailure extends SealiftError {
  /** milliseconds that the registry asked to wait (Retry-After) */
  retryAfter: number | undefined
  /** the registry has too much to do: 429 or 503 */
  throttled = false
}

/** A registry leads to an address that is not asked. */
export class RefusedAddress extends SealiftError {
  /** `host[:port]` that it leads to, fit to be printed; empty where it names none */
  readonly to: string
  /** why it is not asked, whatever was wanted from there */
  readonly reason: string

  constructor({ host, operation }: Asked, to: string, reason: string) {
    super('REGISTRY_PROTOCOL', `registry ${host} leads to where nobody should go`, {
      why: `could not ${operation}: ${reason}`,
      fix: `ask who runs ${host} why it leads there; if a proxy stands before it, go around it`,
    })
    this.to = to
    this.reason = reason
  }
}

const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/
const timeoutCode = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/
const protocolCode = /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_INVALID)/
/** the registry was not reached at all, so waiting a moment helps only one that answered before */
const neverReached = /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/**
 * Turns what the HTTP client threw into REGISTRY_TLS, REGISTRY_TIMEOUT, REGISTRY_PROTOCOL or REGISTRY_UNREACHABLE.
 * `answered` says whether this registry has answered before.
 */
export function networkFailure(cause: unknown, { host, operation }: Asked, answered: boolean): SealiftError {
  if (cause instanceof SealiftError) return cause
  const { code, message } = innermost(cause)
  const why = `could not ${operation}: ${cleanText(message)}${code === '' || message.includes(code) ? '' : ` (${code})`}`
  const refused = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(message)?.[1]
  if (refused !== undefined) return proxyRefusal(Number(refused), { host, operation }, cause)
  if (tlsCode.test(code) || tlsFault(code) !== undefined) return tlsFailure(code, host, why, cause)
  if (protocolCode.test(code)) {
    const details: ConstructorParameters<typeof SealiftError> = [
      'REGISTRY_PROTOCOL',
      `registry ${host} does not speak HTTP properly`,
      { why, fix: curl(host), cause },
    ]
    // what some send behind the answer to a HEAD comes before the next answer on that connection, which ends by it
    return code.startsWith('HPE_') && answered ? new TransientFailure(...details) : new SealiftError(...details)
  }
  const failure: [ErrorCode, string] = timeoutCode.test(code)
    ? ['REGISTRY_TIMEOUT', `registry ${host} takes too long`]
    : ['REGISTRY_UNREACHABLE', `registry ${host} cannot be reached`]
  const details = { why, fix: curl(host), cause }
  return neverReached.test(code) && !answered
    ? new SealiftError(...failure, details)
    : new TransientFailure(...failure, details)
}

/**
 * The failure of a host that is too slow: `bytes` came in `ms` of waiting for it. Silence may pass with another attempt, a
 * pace below `pace` bytes a second is what there is.
 */
export function slowFailure(
  { host, operation }: Asked,
  came: { bytes: number; ms: number; pace: number },
): SealiftError {
  const time = duration(came.ms)
  const rate = size(Math.round((came.bytes * 1000) / came.ms))
  const details = {
    why: `could not ${operation}: ${
      came.bytes === 0
        ? `nothing came for ${time}`
        : `it sent ${size(came.bytes)} in ${time}, ${rate}/s; the least is ${size(came.pace)}/s`
    }`,
    fix: `see how fast it is from here: curl -v https://${host}/v2/; seed and bundle build give it more time with --patience 30m`,
  }
  return came.bytes === 0
    ? new TransientFailure('REGISTRY_TIMEOUT', `registry ${host} takes too long`, details)
    : new SealiftError('REGISTRY_TIMEOUT', `registry ${host} is too slow`, details)
}

/** What the HTTP client says of a proxy: its answer to CONNECT where that is no success, or 407. */
function proxyRefusal(status: number, { host, operation }: Asked, cause: unknown): SealiftError {
  const why = `could not ${operation}: the proxy answers ${status}`
  return new SealiftError('REGISTRY_UNREACHABLE', `the proxy does not lead to registry ${host}`, {
    why: status === 407 ? `${why}, it wants a login` : why,
    fix:
      status === 407
        ? 'name a file with one line user:password: proxy.loginFile in the answers; else HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT'
        : `admit ${host} at the proxy, or name it in NO_PROXY (proxy.exempt in the answers) where it is of the site; sealift allowlist check tells more`,
    cause,
  })
}

const curl = (host: string) => `see whether it answers from here: curl -v https://${host}/v2/`

function innermost(error: unknown): { code: string; message: string } {
  let at = error as
    | { code?: unknown; name?: unknown; message?: unknown; cause?: unknown; errors?: unknown[] }
    | undefined
  let code = ''
  let message = ''
  for (let depth = 0; at && depth < 8; depth++) {
    if (typeof at.code === 'string') code = at.code
    // undici gives its parser's errors a code only sometimes
    else if (at.name === 'HTTPParserError') code = 'HPE_INVALID'
    if (typeof at.message === 'string' && at.message) message = at.message
    at = (at.errors?.[0] ?? at.cause) as typeof at
  }
  return { code, message: message || code || 'no answer' }
}

/**
 * Turns a status that nobody expected into an error; `text` is the body, or its start.
 * Codes: REGISTRY_UNAUTHORIZED, REGISTRY_FORBIDDEN, REGISTRY_NOT_FOUND, REGISTRY_REFUSED.
 */
export function statusFailure(status: number, text: string, { host, operation }: Asked): SealiftError {
  const said = serverText(text)
  const why = `could not ${operation}: it answered ${status}${said ? `, ${said}` : ''}`
  if (status === 401)
    return new SealiftError('REGISTRY_UNAUTHORIZED', `registry ${host} wants other credentials`, {
      why,
      fix: `pass --registry-username NAME --registry-password-file FILE, or: docker login ${host}`,
    })
  if (status === 403)
    return new SealiftError('REGISTRY_FORBIDDEN', `registry ${host} does not allow it`, {
      why,
      fix: 'ask its administrator for the right to pull (and, for seed, to push)',
    })
  if (status === 404)
    return new SealiftError('REGISTRY_NOT_FOUND', `registry ${host} does not have it`, {
      why,
      fix: `check the name; if it is right, push it to ${host} first`,
    })
  if (status === 413)
    return new SealiftError('REGISTRY_REFUSED', `registry ${host}, or a proxy before it, limits the size of requests`, {
      why,
      fix: 'raise the limit there (NGINX: client_max_body_size 0)',
    })
  const again = status === 429 || status >= 500
  const message = `registry ${host} ${again ? 'is not able to do it' : 'refuses it'}`
  if (!again) return new SealiftError('REGISTRY_REFUSED', message, { why })
  const failure = new TransientFailure('REGISTRY_REFUSED', message, { why, fix: `look at the log of ${host}` })
  failure.throttled = status === 429 || status === 503
  return failure
}

/** An answer that the OCI distribution-spec does not allow. */
export const protocolFailure = ({ host, operation }: Asked, why: string): SealiftError =>
  new SealiftError('REGISTRY_PROTOCOL', `registry ${host} answers wrongly`, {
    why: `could not ${operation}: ${why}`,
    fix: 'if a proxy stands before it, go around it; otherwise update the registry',
  })

/** Content that is not what its digest and size say. */
export const contentFailure = ({ host, operation }: Asked, why: string): SealiftError =>
  new SealiftError('REGISTRY_CONTENT', `registry ${host} sends other content than it was asked for`, {
    why: `could not ${operation}: ${why}`,
    fix: `ask who runs ${host}: its storage is damaged, or something before it changes what it sends`,
  })

/** A document that is what its digest says, and no image: nobody lies, whoever made it pushed it so. */
export const documentFailure = ({ host }: Asked, name: string, fault: SealiftError): SealiftError =>
  new SealiftError('REGISTRY_DOCUMENT', `registry ${host} serves ${name}, which is not a valid image`, {
    why: [fault.message, fault.why].filter(Boolean).join(': '),
    fix: 'push it again with a current tool, or take another version of it',
    cause: fault,
  })

/** What a registry says in the OCI error format, or its plain text: one line, at most 200 characters. */
function serverText(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] }
    const parts = errors?.slice(0, 3).map(({ code, message }) => [code, message].filter(Boolean).join(': '))
    if (parts) return cleanText(parts.join('; '))
  } catch {
    // not JSON: a proxy's page, or nothing
  }
  return text.trimStart().startsWith('<') ? '' : cleanText(text)
}

/** Text of a stranger, fit to be printed: no control characters, no marks that turn text around, 200 characters. */
export const cleanText = (text: string): string =>
  text
    .slice(0, 2000)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu, ' ')
    .trim()
    .slice(0, 200)
