import type { PeerCertificate } from 'node:tls'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { minute } from '../../amounts.ts'
import { type TlsFault, tlsFault } from '../../certificates/untrusted.ts'

/** Of a certificate what advice needs; what is not known is left out. */
type Seen = Partial<Pick<PeerCertificate, 'subjectaltname' | 'valid_from' | 'valid_to'>>

/** names of a certificate that are said */
const mostNames = 5

/** What happened, what is known of it beside the words of OpenSSL, and what helps. */
type Advice = (host: string, seen: Seen) => { message: string; why?: string; fix: string }

const certificate = (host: string) => `the certificate of registry ${host}`
const see = (host: string) =>
  `see it: openssl s_client -connect ${/:\d+$/.test(host) ? host : `${host}:443`} </dev/null`

const advice: Record<TlsFault, Advice> = {
  'unknown-ca': (host) => ({
    message: `${certificate(host)} is not to be trusted`,
    fix: 'name the CA that signed it: --registry-ca FILE; in answers registry.caFile, and releaseCaFile for a release',
  }),
  'other-name': (host, seen) => {
    const names = namesIn(seen)
    return {
      message: `${certificate(host)} is for another name`,
      ...(names.length === 0 ? {} : { why: `it is for ${names.join(', ')}` }),
      fix: `${names.length === 0 ? '' : `use a name that it is for, or `}have it issued again with ${host} in it; a CA does not help`,
    }
  },
  ended: (host, seen) => ({
    message: `${certificate(host)} has ended`,
    why: `${datesOf(seen)}the clock of this machine says ${minute(new Date())}`,
    fix: 'have it renewed there; if the clock here is wrong, set it',
  }),
  'not-yet': (host, seen) => ({
    message: `${certificate(host)} is not valid yet`,
    why: `${datesOf(seen)}the clock of this machine says ${minute(new Date())}`,
    fix: 'set the clock of this machine; if it is right, have the certificate issued again',
  }),
  revoked: (host) => ({ message: `${certificate(host)} was revoked`, fix: 'have another one issued there' }),
  unfit: (host) => ({
    message: `${certificate(host)} is not one that may be accepted`,
    fix: `have it issued again; ${see(host)}`,
  }),
  'no-tls': (host) => ({
    message: `registry ${host} does not speak TLS`,
    fix: `see whether it answers from here: curl -v https://${host}/v2/`,
  }),
  version: (host) => ({
    message: `registry ${host} speaks no version of TLS that is accepted here`,
    fix: `switch on TLS 1.2 or 1.3 there; ${see(host)}`,
  }),
  cipher: (host) => ({
    message: `registry ${host} and this machine find no TLS in common`,
    fix: `switch on current ciphers there, and ask whether it wants certificates of clients; ${see(host)}`,
  }),
  'wants-certificate': (host) => ({
    message: `registry ${host} wants a certificate of the client`,
    fix: 'let clients in without one there: sealift logs in with a user and a password',
  }),
  'unknown-name': (host) => ({
    message: `registry ${host} does not know that name`,
    fix: 'use the name that it answers to',
  }),
}

/** REGISTRY_TLS with the advice for its code. `why` says what could not be done. */
export function tlsFailure(code: string, host: string, why: string, cause: unknown): SealiftError {
  const fault = tlsFault(code)
  const found = fault
    ? advice[fault](host, seenIn(cause))
    : { message: `TLS with registry ${host} fails`, fix: see(host) }
  return new SealiftError('REGISTRY_TLS', found.message, {
    why: [why, found.why].filter(Boolean).join('; '),
    fix: found.fix,
    cause,
  })
}

/** The certificate that an error, or one of its causes, brings along. */
function seenIn(error: unknown): Seen {
  let at = error as { cert?: unknown; cause?: unknown } | undefined
  for (let depth = 0; at && depth < 8; depth++) {
    if (typeof at.cert === 'object' && at.cert !== null) return at.cert as Seen
    at = at.cause as typeof at
  }
  return {}
}

const namesIn = ({ subjectaltname = '' }: Seen): string[] =>
  [...subjectaltname.matchAll(/(?:DNS|IP Address):([0-9A-Za-z.:*_-]{1,253})/g)]
    .slice(0, mostNames)
    .map(([, name = '']) => name)

function datesOf({ valid_from, valid_to }: Seen): string {
  const [from, to] = [valid_from, valid_to].map((text) => new Date(text ?? ''))
  if (!from || !to || Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return ''
  const now = Date.now()
  const above = from.getTime() <= now && now <= to.getTime() ? ', but not one above it' : ''
  return `it is valid from ${minute(from)} to ${minute(to)}${above}; `
}
