import { X509Certificate } from 'node:crypto'
import { pemBlocks } from '@sealift/bundle-spec/pem.ts'
import { day } from '../amounts.ts'

/** The certificates in a text (PEM), in their order; what is none is left out. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

/**
 * Why a text (PEM) can't be taken as certificates, all of them; undefined where it can. Programs that read such a text stop at
 * the first block that is damaged, and say nothing; a private key in it would go where the certificates go.
 */
export function certificatesProblem(pem: string): string | undefined {
  try {
    const blocks = pemBlocks(pem)
    for (const [i, { label, text }] of blocks.entries()) {
      if (label.endsWith('PRIVATE KEY')) return `block ${i + 1} is a ${label}: keep it in a file of its own`
      if (label !== 'CERTIFICATE') return `block ${i + 1} is a ${label}, not a CERTIFICATE`
      if (!isCertificate(text)) return `certificate ${i + 1} of ${blocks.length} is damaged`
    }
    return blocks.length === 0 ? 'there is no certificate in it, in PEM format' : undefined
  } catch (error) {
    return (error as Error).message
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

/**
 * What a chain lacks: each certificate is signed by the next one, the last one by one of the authorities; undefined where
 * it lacks nothing. Without authorities only the chain itself is looked at.
 */
export function chainProblem(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): string | undefined {
  const isBy = (one: X509Certificate, other: X509Certificate) => one.checkIssued(other) && one.verify(other.publicKey)
  const broken = chain.findIndex((one, i) => i + 1 < chain.length && !isBy(one, chain[i + 1] as X509Certificate))
  if (broken >= 0) return `certificate ${broken + 1} is not signed by the one behind it`
  const last = chain.at(-1)
  if (!last) return 'there is no certificate in it'
  const known = authorities.some((one) => last.fingerprint256 === one.fingerprint256 || isBy(last, one))
  return known || authorities.length === 0 ? undefined : 'the CA given did not sign it'
}

/** Why a text can't be the CA of somebody's certificate; undefined where it can. */
export function authorityProblem(pem: string, now = Date.now()): string | undefined {
  const found = certificatesIn(pem)
  if (found.length === 0) return 'there is no certificate in it'
  // a server's own certificate that nobody else signed is its CA
  const authorities = found.filter((one) => one.ca || one.checkIssued(one))
  if (authorities.length === 0) return 'the certificate in it is none of a CA: it may sign no other'
  const ended = authorities.every((one) => one.validToDate.getTime() < now)
  return ended ? `it was valid until ${day((authorities[0] as X509Certificate).validToDate)}` : undefined
}
