import { hkdfSync } from 'node:crypto'
import { type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** How long a cookie is good, and from what age it is replaced while in use; seconds. Access ends much sooner, see access.ts. */
export const cookieLifetime = 12 * 3600
const renewal = 3600

/** Seals claims about a user into a cookie's value, and opens it again. */
export interface CookieSeal {
  seal(user: string, claims: JWTPayload): Promise<string>
  /** The first sound value of this name among the request's cookies for which `fits` holds; `now` decides what is too old. */
  open<T>(
    header: string | undefined,
    name: string,
    fits: (user: string, claims: JWTPayload) => T | undefined,
    now?: Date,
  ): Promise<{ value: T /** it should be sealed anew */; old: boolean } | undefined>
}

/** Every replica derives the same key from the one it shares with the manager, so any of them can open a cookie. */
export function createCookieSeal(sharedKey: string): CookieSeal {
  const key = new Uint8Array(hkdfSync('sha256', sharedKey, '', 'cde envproxy dev-url cookie', 32))
  const issuer = 'envproxy'
  const audience = 'dev-url'
  return {
    seal: (user, claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user)
        .setIssuedAt()
        .setExpirationTime(`${cookieLifetime}s`)
        .sign(key),
    async open(header, name, fits, now = new Date()) {
      // A name may come more than once, with another path: whichever is sound counts.
      for (const token of cookieValues(header, name).slice(0, 4)) {
        try {
          const { payload } = await jwtVerify(token, key, {
            algorithms: ['HS256'],
            issuer,
            audience,
            requiredClaims: ['exp', 'iat', 'sub'],
            currentDate: now,
          })
          const value = fits(String(payload.sub), payload)
          if (value !== undefined) return { value, old: now.getTime() / 1000 - (payload.iat ?? 0) > renewal }
        } catch {
          // not sealed by us, or too old
        }
      }
      return undefined
    },
  }
}

/** The values of a cookie of this name, in the order of the header. */
export function cookieValues(header: string | undefined, name: string): string[] {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}
