import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { KeyPair, Validity } from '../certificates/issue.ts'
import { readIfThere, readPair, writePair } from '../certificates/kept-pair.ts'

export interface ServerCertificates extends KeyPair {
  /** CA certificate (PEM) that clients must trust, and the file it is in */
  caPem: string
  caPath: string
  /** what had to be made: a new `ca` must be handed to every client */
  created: 'ca' | 'certificate' | undefined
}

export interface CertificateOptions {
  /** where CA and certificate are kept; private keys are readable by the owner only */
  directory: string
  /** names and addresses under which clients reach the server */
  hosts: readonly string[]
  now?: Date
}

const day = 86_400_000
const subject = 'Sealift registry CA'
/** days; a certificate is made anew this long before it ends */
const lifetime = { authority: 3650, server: 397, renew: 30 }

const namePattern = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

/** Where a server keeps the certificate of its CA (PEM), which clients must trust. */
export const caPathIn = (directory: string): string => join(directory, 'ca.crt')

/**
 * The certificate of this server and the CA that signed it, made on the first run and kept. The certificate is made anew
 * when hosts are added or its end comes near; so is the CA, which may sign for no other hosts than those it was made for.
 * @throws SealiftError USAGE_HOST, STORAGE_CERTIFICATES
 */
export async function serverCertificates(options: CertificateOptions): Promise<ServerCertificates> {
  const { directory, hosts, now = new Date() } = options
  for (const host of hosts)
    if (host.length > 253 || !(isIP(host) || namePattern.test(host)))
      throw new SealiftError(
        'USAGE_HOST',
        `${JSON.stringify(host.slice(0, 100))} is neither a host name nor an address`,
      )
  const caPath = caPathIn(directory)
  try {
    let authority = await readPair(directory, 'ca')
    // a new CA in place of one whose key is elsewhere would break the trust of every client without a word
    if (!authority && (await readIfThere(caPath)) !== undefined) throw new Error('ca.key is missing beside ca.crt')
    const kept = await readPair(directory, 'server')
    if (authority && kept && stillGood(kept, authority, hosts, now))
      return { ...kept, caPem: authority.certificate, caPath, created: undefined }
    // loaded only where something is to be made: it takes longer than everything else here
    const { createAuthority, issueCertificate } = await import('../certificates/issue.ts')
    const { permits } = await import('../certificates/name-constraints.ts')
    let created: ServerCertificates['created'] = 'certificate'
    // a CA of another maker may have no constraints
    if (
      !authority ||
      endsWithin(authority.certificate, lifetime.renew, now) ||
      permits(authority.certificate, hosts) === false
    ) {
      authority = await createAuthority(subject, hosts, validity(lifetime.authority, now))
      await writePair(directory, 'ca', authority)
      created = 'ca'
    }
    const made = await issueCertificate(authority, hosts, validity(lifetime.server, now))
    await writePair(directory, 'server', made)
    return { ...made, caPem: authority.certificate, caPath, created }
  } catch (cause) {
    if (cause instanceof SealiftError) throw cause
    throw new SealiftError('STORAGE_CERTIFICATES', `the certificates in ${directory} cannot be used`, {
      why: (cause as Error).message,
      fix: `see what is there: ls -l ${directory}; without the directory new ones are made, and a new CA`,
      cause,
    })
  }
}

/** an hour back: clocks of an isolated site differ */
const validity = (days: number, now: Date): Validity => ({
  from: new Date(now.getTime() - 3_600_000),
  to: new Date(now.getTime() + days * day),
})

const endsWithin = (cert: string, days: number, now: Date): boolean =>
  new X509Certificate(cert).validToDate.getTime() < now.getTime() + days * day

function stillGood(kept: KeyPair, authority: KeyPair, hosts: readonly string[], now: Date): boolean {
  const cert = new X509Certificate(kept.certificate)
  const ca = new X509Certificate(authority.certificate)
  return (
    cert.checkIssued(ca) &&
    cert.verify(ca.publicKey) &&
    cert.checkPrivateKey(createPrivateKey(kept.key)) &&
    ![kept, authority].some(({ certificate }) => endsWithin(certificate, lifetime.renew, now)) &&
    hosts.every((host) => (isIP(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined)
  )
}
