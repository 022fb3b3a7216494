import { X509Certificate } from 'node:crypto'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { type Lookout, needed, text } from './look.ts'

/** The certificate that is given: names, end, key and chain. */
export const certificateLookout: Lookout = {
  reads: ['/tls', '/host', '/devUrlsHost', '/editorsHost'],
  async run({ draft, fact }) {
    const { readGivenCertificate } = await import('../../install/given-certificate.ts')
    const { small } = await import('../../install/registry-access.ts')
    const certFile = needed(draft, '/tls/certFile')
    const keyFile = needed(draft, '/tls/keyFile')
    const caFile = text(draft, '/tls/caFile')
    const chain = certificatesIn(small(certFile, 'tls.certFile'))
    const [first] = chain
    if (first) {
      fact('names', first.subjectAltName ?? 'none')
      fact('issued by', first.issuer.replaceAll('\n', ', '))
      fact('valid until', first.validTo)
    }
    readGivenCertificate({
      host: needed(draft, '/host'),
      devUrlsHost: text(draft, '/devUrlsHost'),
      editorsHost: text(draft, '/editorsHost'),
      tls: { certFile, keyFile, caFile },
    } as CompleteAnswers)
    fact('key', 'belongs to it')
    const authorities = caFile === undefined ? [] : certificatesIn(small(caFile, 'tls.caFile'))
    fact('chain', ...chainOf(chain, authorities))
  },
}

/** What a chain lacks: each certificate is signed by the next one, the last one by a CA given. */
function chainOf(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): [string, boolean] {
  const isBy = (one: X509Certificate, other: X509Certificate) => one.checkIssued(other) && one.verify(other.publicKey)
  for (const [i, one] of chain.entries()) {
    const next = chain[i + 1]
    if (next && !isBy(one, next)) return [`certificate ${i + 1} is not signed by the one behind it`, true]
  }
  const last = chain.at(-1)
  if (!last) return ['there is no certificate in it', true]
  if (authorities.length === 0) return [`${chain.length} certificates; browsers must know the CA by themselves`, false]
  return authorities.some((authority) => last.fingerprint256 === authority.fingerprint256 || isBy(last, authority))
    ? [`${chain.length} certificates, signed by the CA given`, false]
    : ['the CA given did not sign it', true]
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.slice(0, 10).flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}
