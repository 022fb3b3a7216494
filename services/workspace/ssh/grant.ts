import { createHash } from 'node:crypto'
import type { ReadGrant } from '../grant.ts'

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
 * A grant for SSH is what a short-lived certificate would be: it names the fingerprint of one key, envproxy's. It is no
 * secret: without that key nobody can use it, and SSH binds the key's signature to this one connection (RFC 4252,
 * section 7).
 */
export function grantChecker(read: ReadGrant): CheckGrant {
  return async (grant, publicKey) => {
    const { sub, key } = await read(grant, sshPort)
    if (key !== fingerprint(publicKey)) throw new Error('made for another key')
    return { user: String(sub) }
  }
}
