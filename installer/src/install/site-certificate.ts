import { X509Certificate } from 'node:crypto'
import { readSecret } from '../cluster/apply.ts'
import { secretNames } from './chart-values.ts'
import type { InstallContext } from './context.ts'
import { type Certificate, readGivenCertificate, siteNames, siteProblem } from './given-certificate.ts'

/** Keeps the key of the installer's own CA, so that a renewed certificate needs no new trust. No pod gets it. */
export const authoritySecret = 'cde-ca-key'

/** days before its end at which an own certificate is replaced */
const renewal = 60

/** A certificate for the host, and the key of the CA that signed it where the installer made that. */
export interface SiteCertificate extends Certificate {
  authorityKey?: string
}

/**
 * The certificate of the site: the one given; else the one that the cluster has, while it serves; else a new one by the
 * CA that the cluster has; else by a new CA. `kept` says whether the cluster has it already.
 * @throws SealiftError USAGE_CERTIFICATE, CLUSTER_*
 */
export async function siteCertificate({
  answers,
  cluster,
}: InstallContext): Promise<{ kept: boolean; certificate: () => Promise<SiteCertificate> }> {
  const given = readGivenCertificate(answers)
  const there = await readSecret(cluster(), answers.namespace, secretNames.tls)
  if (given) {
    const kept = there?.['tls.crt'] === given.certificate && there['tls.key'] === given.key
    return { kept, certificate: async () => given }
  }
  const key = (await readSecret(cluster(), answers.namespace, authoritySecret))?.['ca.key']
  const { 'tls.crt': certificate, 'tls.key': leafKey, 'ca.crt': ca } = there ?? {}
  if (certificate && leafKey && ca && signedBy(certificate, ca)) {
    if (siteProblem(certificate, leafKey, answers, renewal) === undefined)
      return {
        kept: true,
        certificate: async () => ({ certificate, key: leafKey, ca, ...(key ? { authorityKey: key } : {}) }),
      }
    if (key && lastsFor(ca, 900)) return { kept: false, certificate: () => issue({ certificate: ca, key }) }
  }
  return { kept: false, certificate: () => issue() }

  async function issue(authority?: { certificate: string; key: string }): Promise<SiteCertificate> {
    const { createAuthority, issueCertificate } = await import('./own-certificate.ts')
    const by = authority ?? (await createAuthority(answers.host))
    return { ...(await issueCertificate(by, siteNames(answers))), authorityKey: by.key }
  }
}

function signedBy(certificate: string, ca: string): boolean {
  try {
    const authority = new X509Certificate(ca)
    return new X509Certificate(certificate).verify(authority.publicKey)
  } catch {
    return false
  }
}

const lastsFor = (certificate: string, days: number): boolean =>
  new X509Certificate(certificate).validToDate.getTime() > Date.now() + days * 86_400_000
