import { counted, day, fromNow } from '../../amounts.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { certificatesIn, chainProblem } from '../../certificates/chain.ts'
import { issuerOf, namesOf } from '../../certificates/described.ts'
import { type Lookout, needed, text } from './look.ts'

/** The certificate that is given: names, end, key and chain. */
export const certificateLookout: Lookout = {
  reads: ['/tls', '/host', '/devUrlsHost', '/editorsHost'],
  async run({ draft, fact }) {
    const { readGivenCertificate } = await import('../../install/given-certificate.ts')
    const { small } = await import('../../install/small-file.ts')
    const certFile = needed(draft, '/tls/certFile')
    const keyFile = needed(draft, '/tls/keyFile')
    const caFile = text(draft, '/tls/caFile')
    const chain = certificatesIn(small(certFile, 'tls.certFile'))
    const [first] = chain
    if (first) {
      fact('Names', namesOf(first).join(', ') || 'none')
      fact('Issued by', issuerOf(first))
      fact('Ends', `${day(first.validToDate)}, ${fromNow(first.validToDate)}`)
    }
    readGivenCertificate({
      host: needed(draft, '/host'),
      devUrlsHost: text(draft, '/devUrlsHost'),
      editorsHost: text(draft, '/editorsHost'),
      tls: { certFile, keyFile, caFile },
    } as CompleteAnswers)
    fact('Key', 'belongs to it')
    const authorities = caFile === undefined ? [] : certificatesIn(small(caFile, 'tls.caFile'))
    const lacks = chainProblem(chain, authorities)
    const by = authorities.length === 0 ? 'browsers must know the CA by themselves' : 'signed by the CA given'
    fact('Chain', lacks ?? `${counted(chain.length, 'certificate')}; ${by}`, lacks !== undefined)
  },
}
