import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { fetchAgain } from './fetch-again.ts'
import { Refusal } from './refusal.ts'
import type { Route } from './route.ts'

/** What a sound ticket says besides what it opens. */
export interface Ticket {
  /** user id, the ticket's `sub` */
  user: string
  /** what the one who asked for it had proved themselves with: `session:<uuid>` or `api-key:<id>` */
  credential: string
  /** the ticket's `jti`; empty where it has none */
  id: string
}

/**
 * The manager's public keys: fetched when first needed, kept for 10 minutes, fetched again for an unknown key id but
 * at most every 5 seconds, so that forged tickets can't make envproxy flood the manager.
 */
export function managerKeys(managerUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL('/auth/jwks', managerUrl), {
    timeoutDuration: 3_000,
    cooldownDuration: 5_000,
    cacheMaxAge: 600_000,
    [customFetch]: fetchAgain,
  })
}

/**
 * Checks a ticket against the route it is used for: EdDSA by one of the manager's keys, audience `envproxy`, not
 * expired, and made for exactly this workspace, port and path. Throws a Refusal (401, 403 or 502).
 */
export async function checkTicket(ticket: string, route: Route, keys: JWTVerifyGetKey): Promise<Ticket> {
  const { payload } = await jwtVerify(ticket, keys, {
    algorithms: ['EdDSA', 'Ed25519'],
    audience: 'envproxy',
    requiredClaims: ['exp', 'sub', 'credential', 'workspace', 'port', 'path'],
    clockTolerance: 2,
  }).catch((error: unknown) => {
    throw refusalOf(error)
  })
  const { sub, credential, jti } = payload
  if (!isName(sub) || !isName(credential)) throw new Refusal(401, 'TICKET_INVALID', 'The ticket names nobody.')
  if (payload.workspace !== route.workspace || payload.port !== route.port || payload.path !== route.path) {
    throw new Refusal(403, 'TICKET_ELSEWHERE', 'The ticket was made for another workspace, port or path.')
  }
  return { user: sub, credential, id: jti ?? '' }
}

const isName = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '' && claim.length <= 128

/** What a client is told whose ticket does not verify. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) {
    return new Refusal(401, 'TICKET_EXPIRED', 'The ticket has expired: ask the manager for a new one.')
  }
  // Everything else that jose names is the ticket's fault, except its failures to fetch or read the keys.
  const keysFailed = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
  if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC' && !keysFailed) {
    return new Refusal(401, 'TICKET_INVALID', 'The ticket is not valid.', error)
  }
  return new Refusal(502, 'MANAGER_UNREACHABLE', 'The manager did not answer with its keys; try again.', error)
}
