import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { day } from '../amounts.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { certificatesProblem } from '../certificates/chain.ts'
import { small, smallCa } from './small-file.ts'

/** A certificate with its key, PEM; `ca` is there where systems don't know it by themselves. */
export interface Certificate {
  certificate: string
  key: string
  ca?: string
}

/**
 * The certificate that the answers give, checked: it is for the host, valid now, and the key is its own.
 * @throws SealiftError USAGE_CERTIFICATE, USAGE_ANSWERS
 */
export function readGivenCertificate(answers: CompleteAnswers): Certificate | undefined {
  const { tls, host } = answers
  if (tls === undefined) return undefined
  const certificate = small(tls.certFile, 'tls.certFile')
  const key = small(tls.keyFile, 'tls.keyFile')
  const problem = siteProblem(certificate, key, answers)
  if (problem !== undefined)
    throw new SealiftError('USAGE_CERTIFICATE', `${tls.certFile} cannot serve ${host}`, {
      why: problem,
      fix: `see what it is for: openssl x509 -in ${tls.certFile} -noout -subject -ext subjectAltName -dates`,
    })
  return { certificate, key, ...(tls.caFile === undefined ? {} : { ca: smallCa(tls.caFile, 'tls.caFile') }) }
}

type Hosts = Pick<CompleteAnswers, 'host' | 'devUrlsHost' | 'editorsHost'>

/** The names that the certificate of a site is for. */
export function siteNames({ host, devUrlsHost, editorsHost }: Hosts): [string, ...string[]] {
  if (devUrlsHost !== undefined) return [host, `*.${devUrlsHost}`]
  return editorsHost === undefined ? [host] : [host, editorsHost]
}

/** Why a certificate can't serve a site for the next `days`; undefined where it can. */
export const siteProblem = (certificate: string, key: string, answers: Hosts, days = 0): string | undefined =>
  siteNames(answers)
    .map((name) => certificateProblem(certificate, key, name, days))
    .find((problem) => problem !== undefined)

/** Why a certificate can't serve a host, or `*.` and a host, for the next `days`; undefined where it can. */
export function certificateProblem(certificate: string, key: string, host: string, days = 0): string | undefined {
  const wrong = certificatesProblem(certificate)
  if (wrong !== undefined) return `it is not a certificate in PEM: ${wrong}`
  const keys = key.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g)?.length ?? 0
  if (keys > 1) return `its key file holds ${keys} private keys`
  let parsed: X509Certificate
  let privateKey: KeyObject
  try {
    parsed = new X509Certificate(certificate)
  } catch {
    return 'it is not a certificate in PEM'
  }
  try {
    privateKey = createPrivateKey(key)
  } catch {
    return 'its key is not a private key in PEM without a passphrase'
  }
  if (!parsed.checkPrivateKey(privateKey)) return 'the key belongs to another certificate'
  if (parsed.checkHost(host.replace(/^[*]/, 'any'), { subject: 'never' }) === undefined)
    return `it does not name ${host} as a subjectAltName`
  if (parsed.validFromDate.getTime() > Date.now()) return `it is not valid before ${day(parsed.validFromDate)}`
  if (parsed.validToDate.getTime() < Date.now() + days * 86_400_000)
    return `it is valid only until ${day(parsed.validToDate)}`
  return undefined
}
