import { SignJWT } from 'jose'
import { internalKey, type Site } from './site.ts'

/** Asks an internal path of the manager as the envproxy does. */
export async function askAsEnvproxy(site: Site, url: string) {
  const at = Math.floor(site.time.now / 1000)
  const proof = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('envproxy')
    .setAudience('manager')
    .setIssuedAt(at)
    .setExpirationTime(at + 60)
    .sign(new TextEncoder().encode(internalKey))
  return await site.app.inject({ url, headers: { authorization: `Bearer ${proof}` } })
}
