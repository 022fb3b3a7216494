import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseChallenges } from './challenge.ts'
import { protocolFailure, RefusedAddress } from './failure.ts'

/** What proves who we are: a password, what `docker login` got from a token service, or a ready bearer token. */
export type Credentials = { username: string; password: string } | { identityToken: string } | { registryToken: string }

/** A request to a token service. It never follows redirects. */
export interface TokenRequest {
  url: URL
  authorization?: string
  /** form fields; makes it a POST */
  form?: Record<string, string>
}

export interface AuthorizerOptions {
  /** origin of the registry */
  origin: URL
  /** its name in errors */
  host: string
  credentials: Credentials | undefined
  /** Sends the request and returns the body of a 200 answer. */
  fetchToken: (request: TokenRequest, signal?: AbortSignal) => Promise<string>
}

/** Knows what to write into the Authorization header of requests to one registry. */
export interface Authorizer {
  /** what the registry has asked for so far */
  readonly scheme: 'none' | 'basic' | 'bearer'
  /** The header for what the scopes allow, as far as it is known; undefined before the first challenge. */
  current(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>
  /**
   * Answers a 401: `refused` is the header that was sent, `challenge` the WWW-Authenticate header that came back.
   * Undefined where there is nothing better to send.
   * @throws SealiftError REGISTRY_UNAUTHORIZED, REGISTRY_PROTOCOL
   */
  renew(
    challenge: string | undefined,
    scopes: readonly string[],
    refused: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined>
}

interface Bearer {
  realm: URL
  service: string | undefined
}

interface Token {
  header: string
  /** epoch milliseconds after which it is not used any more */
  until: number
}

/** seconds: docker's default where `expires_in` is missing, and what is left when we ask for the next one */
const lifetime = { default: 60, margin: 10 }

/** Basic and bearer tokens (distribution, "Token Authentication Specification"); one token request per scope at a time. */
export function authorizer({ origin, host, credentials, fetchToken }: AuthorizerOptions): Authorizer {
  const asked = { host, operation: 'log in' }
  const basic =
    credentials && 'password' in credentials
      ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
      : undefined
  const fixed = credentials && 'registryToken' in credentials ? `Bearer ${credentials.registryToken}` : undefined
  let useBasic = false
  let bearer: Bearer | undefined
  const tokens = new Map<string, Token>()
  const pending = new Map<string, Promise<Token>>()
  /** scopes that the registry named itself, by our own */
  const named = new Map<string, string>()

  const keyOf = (scopes: readonly string[]) => [...scopes].sort().join(' ')
  const valid = (key: string) => {
    const token = tokens.get(key)
    return token && token.until > Date.now() ? token.header : undefined
  }

  /** Callers that come while a token is on its way wait for the same one; each may give up on its own. */
  async function tokenFor(from: Bearer, scopes: readonly string[], signal?: AbortSignal): Promise<string> {
    const key = keyOf(scopes)
    let token = pending.get(key)
    if (!token) {
      token = requestToken(from, scopes).finally(() => pending.delete(key))
      pending.set(key, token)
    }
    const { header } = await untilAborted(token, signal)
    return header
  }

  async function requestToken({ realm, service }: Bearer, scopes: readonly string[]): Promise<Token> {
    const key = keyOf(scopes)
    const own = named.get(key)
    const wanted = own === undefined || scopes.includes(own) ? scopes : [...scopes, own]
    const text = await fetchToken(requestFor(realm, service, wanted))
    const token = readToken(text)
    if (!token) throw protocolFailure(asked, 'its token service answers without a token')
    tokens.set(key, token)
    return token
  }

  function requestFor(realm: URL, service: string | undefined, scopes: readonly string[]): TokenRequest {
    if (credentials && 'identityToken' in credentials) {
      const form = { grant_type: 'refresh_token', client_id: 'sealift', refresh_token: credentials.identityToken }
      return { url: realm, form: { ...form, ...(service ? { service } : {}), scope: scopes.join(' ') } }
    }
    const url = new URL(realm)
    if (service) url.searchParams.set('service', service)
    for (const scope of scopes) url.searchParams.append('scope', scope)
    if (credentials && 'password' in credentials) url.searchParams.set('account', credentials.username)
    return { url, ...(basic ? { authorization: basic } : {}) }
  }

  function readRealm(value: string | undefined): URL {
    const realm = value && URL.canParse(value) ? new URL(value) : undefined
    if (!realm) throw protocolFailure(asked, 'its token service has no address')
    if (!/^https?:$/.test(realm.protocol))
      throw new RefusedAddress(
        asked,
        realm.host,
        `the address of its token service is of the kind ${realm.protocol.slice(0, 20)}`,
      )
    if (realm.username || realm.password)
      throw new RefusedAddress(asked, realm.host, `the address of its token service ${realm.host} has a login in it`)
    if (realm.protocol === 'http:' && origin.protocol === 'https:')
      throw new RefusedAddress(asked, realm.host, `its token service ${realm.host} is reached without TLS`)
    return realm
  }

  return {
    get scheme() {
      return bearer ? 'bearer' : useBasic ? 'basic' : 'none'
    },
    async current(scopes, signal) {
      if (fixed) return fixed
      if (useBasic) return basic
      if (!bearer) return undefined
      return valid(keyOf(scopes)) ?? (await tokenFor(bearer, scopes, signal))
    },
    async renew(challenge, scopes, refused, signal) {
      const challenges = parseChallenges(challenge ?? '')
      const wanted = challenges.find(({ scheme }) => scheme === 'bearer')
      if (wanted && !fixed) {
        bearer = { realm: readRealm(wanted.parameters.realm), service: wanted.parameters.service }
        const key = keyOf(scopes)
        if (wanted.parameters.scope) named.set(key, wanted.parameters.scope)
        const known = valid(key)
        if (known && known !== refused) return known
        tokens.delete(key)
        return await tokenFor(bearer, scopes, signal)
      }
      if (challenges.some(({ scheme }) => scheme === 'basic') && basic && refused !== basic) {
        useBasic = true
        return basic
      }
      if (challenges.length > 0 && !challenges.some(({ scheme }) => scheme === 'basic' || scheme === 'bearer'))
        throw new SealiftError('REGISTRY_UNAUTHORIZED', `registry ${host} wants a kind of login that is not known`, {
          why: 'it offers neither Basic nor Bearer',
        })
      return undefined
    },
  }
}

function readToken(text: string): Token | undefined {
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown }
  try {
    answer = JSON.parse(text) ?? {}
  } catch {
    return undefined
  }
  const value = answer.token ?? answer.access_token
  // anything else could not stand in a header
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) return undefined
  const stated = Number(answer.expires_in)
  const seconds = Number.isFinite(stated) && stated > 0 ? stated : lifetime.default
  const margin = Math.min(lifetime.margin, seconds / 2)
  return { header: `Bearer ${value}`, until: Date.now() + (seconds - margin) * 1000 }
}

async function untilAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return await work
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
