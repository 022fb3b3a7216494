import type { X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import { counted } from '../amounts.ts'
import { certificatesIn, chainProblem } from '../certificates/chain.ts'
import { issuerOf } from '../certificates/described.ts'
import { weakness } from '../certificates/weakness.ts'
import { small } from '../install/small-file.ts'
import type { Check } from './check.ts'

export const certificateChain: Check = {
  id: 'certificate-chain',
  title: 'The chain of the certificate is whole, strong and trusted',
  protects: 'smoke',
  why: 'Browsers, git and editors refuse a chain with a gap, an old signature, or a CA that they do not know.',
  level: 'error',
  after: ['certificate'],
  async run({ answers }) {
    if (!answers.tls) return { state: 'skipped', found: 'the answers name no certificate' }
    const { certFile, caFile } = answers.tls
    const chain = certificatesIn(small(certFile, 'tls.certFile'))
    const failed = { state: 'failed', code: 'USAGE_CERTIFICATE' } as const
    const fault = chainProblem(chain, []) ?? weakness(chain)
    if (fault !== undefined)
      return {
        ...failed,
        found: fault,
        needed: 'the certificate first, then each CA that signed the one before; no SHA-1, keys of 2048 bits or more',
        fix: `put them in order, or ask the CA for a new one: openssl crl2pkcs7 -nocrl -certfile ${certFile} | openssl pkcs7 -print_certs -noout`,
      }
    const found = counted(chain.length, 'certificate')
    if (caFile === undefined) {
      if (!chainProblem(chain, trustedHere()))
        return { state: 'passed', found: `${found}, by a CA that this machine trusts` }
      return {
        ...failed,
        level: 'warning',
        found: `${found}, by a CA that this machine does not know: ${issuerOf(chain.at(-1))}`,
        needed: 'tls.caFile in the answers: workspaces trust it then',
        fix: 'name the CA of the site in the answers: tls: {caFile: FILE}',
      }
    }
    const authorities = certificatesIn(small(caFile, 'tls.caFile'))
    if (authorities.length > 0 && !chainProblem(chain, authorities))
      return { state: 'passed', found: `${found}, by the CA of the answers` }
    return {
      ...failed,
      found: `the CA in ${caFile} did not sign it; the last one is by ${issuerOf(chain.at(-1))}`,
      needed: 'a chain that leads to that CA',
      fix: `name the CA that did, or put what lies between into ${certFile}`,
    }
  },
}

/** What this machine's own programs trust, and what Node.js brings along: the public CAs. */
const trustedHere = (): X509Certificate[] =>
  (['default', 'system'] as const).flatMap((store) =>
    tls.getCACertificates(store).flatMap((pem) => certificatesIn(pem)),
  )
