import type { Holder } from '../access.ts'
import { cookieLifetime, createCookieSeal } from '../http/cookie-seal.ts'
import type { DevUrl } from './directory.ts'
import type { Place } from './host.ts'

/** Seals who visits a dev URL into a cookie of its host, and opens it again. */
export interface VisitorCookies {
  /** A `Set-Cookie` value. */
  seal(holder: Holder, place: Pick<Place, 'base'>): Promise<string>
  /** The holder of a sound cookie for this dev URL among the request's; `old`: it should be sealed anew. */
  open(
    header: string | undefined,
    devUrl: DevUrl,
    place: Pick<Place, 'base'>,
  ): Promise<{ holder: Holder; old: boolean } | undefined>
  /** Whose cookie the browser has, of this host and however old; undefined where it has none. */
  owner(header: string | undefined): Promise<string | undefined>
}

/** All our cookies on hosts of dev URLs: `__Host-` keeps pages of other hosts from setting them (RFC 6265bis, 4.1.3.2). */
export const ownPrefix = '__Host-cde_'
const name = `${ownPrefix}visitor`
export const scope = 'Path=/; HttpOnly; Secure; SameSite=Lax'

/** The most that browsers keep a cookie, in seconds (RFC 6265bis, section 5.5): what it opens ends with its token. */
const longest = 400 * 24 * 3600

export const holderOf = (devUrl: DevUrl, user: string, credential: string): Holder => ({
  user,
  credential,
  workspace: devUrl.workspace,
  port: devUrl.port,
  devUrl: { id: devUrl.id, label: devUrl.label },
})

/**
 * The cookie says which dev URL it is for, so that it opens no other, nor another one of the same name later. On the host of
 * all editors there is one cookie for them all, so that a browser shows one person's there at a time: what it opens is what
 * the manager says that its user owns. It stays longer than it opens something, to tell who was there.
 */
export function createVisitorCookies(sharedKey: string): VisitorCookies {
  const cookies = createCookieSeal(sharedKey)
  const opens = (devUrl: { id: string } | undefined, { base }: Pick<Place, 'base'>) =>
    base === '' ? devUrl?.id : 'editors'
  return {
    async seal({ user, credential, devUrl }, place) {
      const token = await cookies.seal(user, { credential, devUrl: opens(devUrl, place) })
      return `${name}=${token}; Max-Age=${place.base === '' ? cookieLifetime : longest}; ${scope}`
    },
    async open(header, devUrl, place) {
      const opened = await cookies.open(header, name, (user, claims): Holder | undefined =>
        claims.devUrl === opens(devUrl, place) && typeof claims.credential === 'string'
          ? holderOf(devUrl, user, claims.credential)
          : undefined,
      )
      return opened && { holder: opened.value, old: opened.old }
    },
    owner: async (header) => (await cookies.open(header, name, (user) => user, new Date(0)))?.value,
  }
}
