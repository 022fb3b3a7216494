import { SignJWT } from 'jose'
import { internalKey, type Site } from './site.ts'

/** The header by which the envproxy proves itself to the manager. */
export async function envproxyProof(site: Site): Promise<{ authorization: string }> {
  const at = Math.floor(site.time.now / 1000)
  const proof = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('envproxy')
    .setAudience('manager')
    .setIssuedAt(at)
    .setExpirationTime(at + 60)
    .sign(new TextEncoder().encode(internalKey))
  return { authorization: `Bearer ${proof}` }
}

/** Asks an internal path of the manager as the envproxy does. */
export const askAsEnvproxy = async (site: Site, url: string) =>
  await site.app.inject({ url, headers: await envproxyProof(site) })
