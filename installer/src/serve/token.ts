import { randomBytes } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'

/** seconds; a pull in progress asks again by itself */
export const tokenLifetime = 300

const claims = { issuer: 'sealift', audience: 'sealift' }

/** Tokens signed with a key that lives as long as this process: a restart makes clients ask for new ones. */
export interface Tokens {
  issue(subject: string): Promise<string>
  check(token: string): Promise<boolean>
}

export function createTokens(): Tokens {
  const key = randomBytes(32)
  return {
    issue: (subject) =>
      new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(subject)
        .setIssuer(claims.issuer)
        .setAudience(claims.audience)
        .setIssuedAt()
        .setExpirationTime(`${tokenLifetime}s`)
        .sign(key),
    check: (token) =>
      jwtVerify(token, key, { ...claims, algorithms: ['HS256'], requiredClaims: ['exp', 'sub'] }).then(
        () => true,
        () => false,
      ),
  }
}
