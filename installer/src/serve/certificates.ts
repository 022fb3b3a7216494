import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { KeyPair, Validity } from '../certificates/issue.ts'

export interface ServerCertificates extends KeyPair {
  /** CA certificate (PEM) that clients must trust, and the file it is in */
  caPem: string
  caPath: string
  /** what had to be made: a new `ca` must be handed to every client again */
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
 * The certificate of this server and the CA that signed it, made on the first run and kept. The CA stays; the
 * certificate is made anew when hosts are added or its end comes near.
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
    await mkdir(directory, { recursive: true, mode: 0o700 })
    let authority = await readPair(directory, 'ca')
    const newAuthority = !authority || endsWithin(authority.certificate, lifetime.renew, now)
    // loaded only where something is to be made: it takes longer than everything else here
    const issuing = () => import('../certificates/issue.ts')
    if (!authority || newAuthority) {
      authority = await (await issuing()).createAuthority(subject, validity(lifetime.authority, now))
      await writePair(directory, 'ca', authority)
    }
    const kept = await readPair(directory, 'server')
    if (kept && !newAuthority && stillGood(kept, authority, hosts, now))
      return { ...kept, caPem: authority.certificate, caPath, created: undefined }
    const made = await (await issuing()).issueCertificate(authority, hosts, validity(lifetime.server, now))
    await writePair(directory, 'server', made)
    return { ...made, caPem: authority.certificate, caPath, created: newAuthority ? 'ca' : 'certificate' }
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
    !endsWithin(kept.certificate, lifetime.renew, now) &&
    hosts.every((host) => (isIP(host) ? cert.checkIP(host) : cert.checkHost(host)) !== undefined)
  )
}

async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    readIfThere(join(directory, `${name}.crt`)),
    readIfThere(join(directory, `${name}.key`)),
  ])
  if (certificate !== undefined && key !== undefined) return { certificate, key }
  // a new CA in place of one whose key is elsewhere would break the trust of every client without a word
  if (name === 'ca' && certificate !== undefined) throw new Error('ca.key is missing beside ca.crt')
  return undefined
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The key first: a certificate without its key is noticed, the other way round is made again. */
async function writePair(directory: string, name: string, { certificate, key }: KeyPair): Promise<void> {
  for (const [file, content, mode] of [
    [`${name}.key`, key, 0o600],
    [`${name}.crt`, certificate, 0o644],
  ] as const) {
    const path = join(directory, file)
    await writeFile(`${path}.partial`, content, { mode, flush: true })
    await rename(`${path}.partial`, path)
  }
}
