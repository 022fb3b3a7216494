import { createHash, randomBytes } from 'node:crypto'

/** A new secret token of 256 random bits, in base64url (43 characters). */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What the database holds of a token. Tokens are random, so that a plain hash is enough. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
