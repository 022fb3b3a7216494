import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'

/** Who logged in, and what may be said about it. */
export interface Login {
  /** user id, the grant's `sub` */
  user: string
}

/** Checks what an SSH client offers: a grant as its user name, and the key that the grant names. */
export type CheckGrant = (grant: string, publicKey: Buffer) => Promise<Login>

/** The port that a grant opens (port table of the product). */
export const sshPort = 12212

/** Fingerprint of a public key in wire format as OpenSSH prints it: `SHA256:` and base64 without padding. */
export function fingerprint(publicKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`
}

/**
 * A grant is what a short-lived SSH certificate would be: the manager's signature (EdDSA) over workspace, port and the
 * fingerprint of one key, envproxy's. It is no secret: without that key nobody can use it, and SSH binds the key's
 * signature to this one connection (RFC 4252, section 7). `keys` is the manager's JWKS.
 */
export function grantChecker(keys: JSONWebKeySet, workspace: string): CheckGrant {
  const keySet = createLocalJWKSet(keys)
  return async (grant, publicKey) => {
    const { payload } = await jwtVerify(grant, keySet, {
      algorithms: ['EdDSA', 'Ed25519'],
      audience: 'workspace',
      requiredClaims: ['exp', 'sub', 'workspace', 'port', 'key'],
      clockTolerance: 5,
    })
    if (payload.workspace !== workspace || payload.port !== sshPort) throw new Error('made for another door')
    if (payload.key !== fingerprint(publicKey)) throw new Error('made for another key')
    return { user: String(payload.sub) }
  }
}
