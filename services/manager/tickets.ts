import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, type JWK, SignJWT } from 'jose'

/** How long a ticket opens a connection, in seconds. */
export const ticketLifetime = 60
/** How long a grant does, in seconds. */
export const grantLifetime = 120
/** The agent's ports where a connection begins with a grant (services/workspace/guard.ts). */
const guardedPorts: readonly number[] = [26337, 13337]
const sshPort = 12212

/** What a ticket allows: one user, one port of one workspace, through one path of the envproxy. */
export type TicketGrant = {
  user: string
  workspace: string
  port: number
  path: string
  /** see credential.ts */ credential: string
}

/** What lets a visitor in at one dev URL, in the browser that holds the other half of `state`. */
export type DevUrlGrant = {
  user: string
  /** see credential.ts */ credential: string
  label: string
  /** id of the dev URL */ devUrl: string
  workspace: string
  port: number
  state: string
}

export type TicketSigner = {
  /** Signs a ticket (JWT, EdDSA, audience `envproxy`). `now` is in milliseconds. */
  sign(grant: TicketGrant, now: number): Promise<string>
  /** Signs what a workspace's agent takes as the manager's word (audience `workspace`); undefined for users' own ports. */
  signGrant(grant: { user: string; workspace: string; port: number }, now: number): Promise<string | undefined>
  /** The same for the holder of an SSH key (`SHA256:…`), who logs in with it. */
  signSsh(grant: { user: string; workspace: string; key: string }, now: number): Promise<string>
  /** Signs what opens a dev URL for 60 s (audience `dev-url`). */
  signDevUrl(grant: DevUrlGrant, now: number): Promise<string>
  /** The public half, as RFC 7517 describes. */
  jwks: { keys: JWK[] }
}

/**
 * Reads the Ed25519 key that signs tickets (PEM, PKCS #8).
 * @throws Error when it is another kind of key
 */
export async function ticketSigner(pem: string | KeyObject): Promise<TicketSigner> {
  const key = typeof pem === 'string' ? createPrivateKey(pem) : pem
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key that signs tickets is not an Ed25519 key')
  const publicJwk = await exportJWK(createPublicKey(key))
  const kid = await calculateJwkThumbprint(publicJwk)
  const sign = (
    claims: Record<string, unknown>,
    to: { audience: string; subject: string; lifetime: number },
    now: number,
  ) => {
    const issued = Math.floor(now / 1000)
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
      .setIssuer('manager')
      .setAudience(to.audience)
      .setSubject(to.subject)
      .setIssuedAt(issued)
      .setExpirationTime(issued + to.lifetime)
      .setJti(randomUUID())
      .sign(key)
  }
  const grant = (user: string, claims: { workspace: string; port: number; key?: string }, now: number) =>
    sign(claims, { audience: 'workspace', subject: user, lifetime: grantLifetime }, now)
  return {
    jwks: { keys: [{ ...publicJwk, kid, alg: 'EdDSA', use: 'sig' }] },
    signGrant: async ({ user, workspace, port }, now) =>
      guardedPorts.includes(port) ? await grant(user, { workspace, port }, now) : undefined,
    signSsh: ({ user, workspace, key: fingerprint }, now) =>
      grant(user, { workspace, port: sshPort, key: fingerprint }, now),
    signDevUrl: ({ user, ...claims }, now) =>
      sign(claims, { audience: 'dev-url', subject: user, lifetime: ticketLifetime }, now),
    sign: ({ user, workspace, port, path, credential }, now) =>
      sign(
        { workspace, port, path, credential },
        { audience: 'envproxy', subject: user, lifetime: ticketLifetime },
        now,
      ),
  }
}
