import { type KeyPair, createAuthority as newAuthority, issueCertificate as sign } from '../certificates/issue.ts'
import type { Certificate } from './given-certificate.ts'

const day = 86_400_000

/** Makes the certificate authority of a site's hosts; ten years. */
export const createAuthority = (hosts: readonly [string, ...string[]]): Promise<KeyPair> =>
  newAuthority(`Sealift CA for ${hosts[0].slice(0, 40)}`, hosts, validity(3650))

/** Issues a certificate for hosts; 825 days, the most that browsers accept from a CA that a user added. */
export async function issueCertificate(authority: KeyPair, hosts: readonly string[]): Promise<Certificate> {
  return { ...(await sign(authority, hosts, validity(824))), ca: authority.certificate }
}

/** a day back: clocks of an isolated site differ */
const validity = (days: number) => ({ from: new Date(Date.now() - day), to: new Date(Date.now() + days * day) })
