import { authorityProblem, certificatesIn, chainProblem } from '../../certificates/chain.ts'
import { error, type Finding, warning } from './finding.ts'
import type { Given } from './given.ts'

const day = 86_400_000
/** days before its end from which a certificate is warned of */
const early = 30

/** Each CA that answers name is one, for now. */
export const authorityFindings = ({ content }: Given): Finding[] =>
  ['/registry/caFile', '/tls/caFile', '/database/caFile'].flatMap((pointer) => {
    const pem = content(pointer)
    const problem = pem === undefined ? undefined : authorityProblem(pem)
    return problem === undefined ? [] : [error(pointer, problem, 'the certificate of the CA, in PEM')]
  })

/** What whoever visits the platform would miss in its certificate, beside names and key. */
export function chainFindings({ content, text }: Given): Finding[] {
  const pem = content('/tls/certFile')
  if (pem === undefined) return []
  const chain = certificatesIn(pem)
  const problem = chainProblem(chain, certificatesIn(content('/tls/caFile') ?? ''))
  const end = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()))
  const ending = `it ends in ${Math.floor((end - Date.now()) / day)} days: ${text('/tls/certFile')}`
  return [
    ...(problem === undefined
      ? []
      : [error('/tls/certFile', problem, 'the certificate of the host, then each that signed the one before it')]),
    ...(end > Date.now() && end < Date.now() + early * day ? [warning('/tls/certFile', ending, 'renew it')] : []),
  ]
}
