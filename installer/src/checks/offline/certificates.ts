import { authorityProblem } from '../../certificates/chain.ts'
import { error, type Finding } from './finding.ts'
import type { Given } from './given.ts'

/** Each CA that answers name is one, for now. */
export const authorityFindings = ({ content }: Given): Finding[] =>
  ['/releaseCaFile', '/registry/caFile', '/tls/caFile', '/database/caFile'].flatMap((pointer) => {
    const pem = content(pointer)
    const problem = pem === undefined ? undefined : authorityProblem(pem)
    return problem === undefined ? [] : [error(pointer, problem, 'the certificate of the CA, in PEM')]
  })
