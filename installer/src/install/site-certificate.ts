import { X509Certificate } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readPair, writePair } from '../certificates/kept-pair.ts'
import { readSecret } from '../cluster/apply.ts'
import { secretNames } from './chart-values.ts'
import type { InstallContext } from './context.ts'
import { type Certificate, readGivenCertificate, siteNames, siteProblem } from './given-certificate.ts'

/** days before its end at which an own certificate is replaced, and its CA: no certificate outlives the one above it */
const renewal = { certificate: 60, authority: 900 }

/**
 * The certificate of the site: the one given; else the one that the cluster has, while it serves; else a new one by the
 * CA of this state directory, while that may sign for the site's names; else by a new CA. The key of the CA stays in the
 * state directory: whoever has the cluster, or a pod in it, can't sign. `kept` says whether the cluster has the
 * certificate already.
 * @throws SealiftError USAGE_CERTIFICATE, STORAGE_STATE, CLUSTER_*
 */
export async function siteCertificate({
  answers,
  cluster,
  stateDir,
}: Pick<InstallContext, 'answers' | 'cluster' | 'stateDir'>): Promise<{
  kept: boolean
  certificate: () => Promise<Certificate>
}> {
  const given = readGivenCertificate(answers)
  const there = await readSecret(cluster(), answers.namespace, secretNames.tls)
  if (given) {
    const kept = there?.['tls.crt'] === given.certificate && there['tls.key'] === given.key
    return { kept, certificate: async () => given }
  }
  const names = siteNames(answers)
  const { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': ca } = there ?? {}
  const serves =
    certificate &&
    key &&
    ca &&
    signedBy(certificate, ca) &&
    !siteProblem(certificate, key, answers, renewal.certificate)
  if (serves && (await mayOnlySign(ca, names)))
    return { kept: true, certificate: async () => ({ certificate, key, ca }) }
  return {
    kept: false,
    async certificate() {
      const { issueCertificate } = await import('./own-certificate.ts')
      return await issueCertificate(await keptAuthority(stateDir, names), names)
    },
  }
}

/** Name of the CA's files in the state directory. */
const authority = 'ca'

/** The CA that the state directory keeps, or a new one; kept before anything is signed with it. */
async function keptAuthority(stateDir: string, names: [string, ...string[]]) {
  try {
    const there = await readPair(stateDir, authority)
    if (there && lastsFor(there.certificate, renewal.authority) && (await mayOnlySign(there.certificate, names)))
      return there
    const { createAuthority } = await import('./own-certificate.ts')
    const made = await createAuthority(names)
    await writePair(stateDir, authority, made)
    return made
  } catch (cause) {
    throw new SealiftError('STORAGE_STATE', `the CA in ${stateDir} cannot be used`, {
      why: (cause as Error).message,
      fix: `see what is there: ls -l ${stateDir}/ca.*; without the two files a new CA is made`,
      cause,
    })
  }
}

/** A CA without constraints could sign for anybody. */
async function mayOnlySign(ca: string, names: readonly string[]): Promise<boolean> {
  const { permits } = await import('../certificates/name-constraints.ts')
  return permits(ca, names) === true
}

function signedBy(certificate: string, ca: string): boolean {
  try {
    return new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey)
  } catch {
    return false
  }
}

const lastsFor = (certificate: string, days: number): boolean =>
  new X509Certificate(certificate).validToDate.getTime() > Date.now() + days * 86_400_000
