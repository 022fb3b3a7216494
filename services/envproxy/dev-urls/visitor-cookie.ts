import type { Holder } from '../access.ts'
import { cookieLifetime, createCookieSeal } from '../http/cookie-seal.ts'
import type { DevUrl } from './directory.ts'

/** Seals who visits a dev URL into a cookie of its host, and opens it again. */
export interface VisitorCookies {
  /** A `Set-Cookie` value. */
  seal(holder: Holder): Promise<string>
  /** The holder of a sound cookie of this dev URL among the request's; `old`: it should be sealed anew. */
  open(header: string | undefined, devUrl: DevUrl): Promise<{ holder: Holder; old: boolean } | undefined>
}

/** All our cookies on hosts of dev URLs: `__Host-` keeps pages of other hosts from setting them (RFC 6265bis, 4.1.3.2). */
export const ownPrefix = '__Host-cde_'
const name = `${ownPrefix}visitor`
export const scope = 'Path=/; HttpOnly; Secure; SameSite=Lax'

export const holderOf = (devUrl: DevUrl, user: string, credential: string): Holder => ({
  user,
  credential,
  workspace: devUrl.workspace,
  port: devUrl.port,
  devUrl: { id: devUrl.id, label: devUrl.label },
})

/** The cookie says which dev URL it is for, so that it opens no other, nor another one of the same name later. */
export function createVisitorCookies(sharedKey: string): VisitorCookies {
  const cookies = createCookieSeal(sharedKey)
  return {
    async seal({ user, credential, devUrl }) {
      const token = await cookies.seal(user, { credential, devUrl: devUrl?.id })
      return `${name}=${token}; Max-Age=${cookieLifetime}; ${scope}`
    },
    async open(header, devUrl) {
      const opened = await cookies.open(header, name, (user, claims): Holder | undefined =>
        claims.devUrl === devUrl.id && typeof claims.credential === 'string'
          ? holderOf(devUrl, user, claims.credential)
          : undefined,
      )
      return opened && { holder: opened.value, old: opened.old }
    },
  }
}
