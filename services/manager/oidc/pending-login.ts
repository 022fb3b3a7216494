import { hkdfSync, type KeyObject } from 'node:crypto'
import { EncryptJWT, jwtDecrypt } from 'jose'

/** What a login through the identity provider must remember until the person comes back. */
export type PendingLogin = { state: string; nonce: string; verifier: string }

/** How long a person may take at the identity provider, in seconds. */
export const pendingLifetime = 600

export type PendingLogins = {
  /** Seals it for a cookie: nobody can read or make one. `now` is in milliseconds. */
  seal(pending: PendingLogin, now: number): Promise<string>
  /** What was sealed, or undefined when it is forged, damaged or too old. */
  open(sealed: string, now: number): Promise<PendingLogin | undefined>
}

/** Seals with a key derived from the ticket key, which all replicas share: any of them can finish a login. */
export function pendingLogins(ticketKey: KeyObject): PendingLogins {
  const secret = ticketKey.export({ type: 'pkcs8', format: 'der' })
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'cde-manager oidc login', 32))
  return {
    async seal({ state, nonce, verifier }, now) {
      const issued = Math.floor(now / 1000)
      return await new EncryptJWT({ state, nonce, verifier })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setIssuedAt(issued)
        .setExpirationTime(issued + pendingLifetime)
        .encrypt(key)
    },
    async open(sealed, now) {
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          currentDate: new Date(now),
          requiredClaims: ['exp'],
        })
        const { state, nonce, verifier } = payload
        if (typeof state !== 'string' || typeof nonce !== 'string' || typeof verifier !== 'string') return undefined
        return { state, nonce, verifier }
      } catch {
        return undefined
      }
    },
  }
}
