import type { IncomingMessage } from 'node:http'
import type { Access, Holder } from '../access.ts'
import { assertNotEmbedded, assertOwnPage } from '../http/own-page.ts'
import { Refusal } from '../refusal.ts'
import type { DevUrl, Directory } from './directory.ts'
import type { Place } from './host.ts'
import { holderOf, type VisitorCookies } from './visitor-cookie.ts'

export interface Gatekeeping {
  directory: Directory
  cookies: VisitorCookies
  access: Access
}

/** A visitor who may go on. */
export interface Visit {
  holder: Holder
  devUrl: DevUrl
  /** see connect.ts */
  grant: string | undefined
  /** a Set-Cookie to send along */
  renewed: string | undefined
}

/**
 * Who comes to a dev URL, by the cookie; anyone where it is public. Throws a Refusal: 401 DEV_URL_LOGIN where a login may
 * help, the same for a name that nothing has as for one that is not public.
 */
export async function admitVisitor(
  { directory, cookies, access }: Gatekeeping,
  place: Place,
  request: IncomingMessage,
): Promise<Visit> {
  const devUrl = await directory(place.label)
  if (devUrl?.open) return { holder: holderOf(devUrl, '', ''), devUrl, grant: undefined, renewed: undefined }
  const opened = devUrl && (await cookies.open(request.headers.cookie, devUrl, place))
  if (!opened) throw new Refusal(401, 'DEV_URL_LOGIN', 'Open this address in a browser and log in.')
  assertOwnPage(request)
  assertNotEmbedded(request)
  const { holder, old } = opened
  const grant = await access.assert(holder)
  return { holder, devUrl, grant, renewed: old ? await cookies.seal(holder, place) : undefined }
}
