import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** by kind and CA: parsing hundreds of roots for every connection, or registry, would cost more than the request */
const contexts = new Map<string, SecureContext>()

/** What most likely is enough for a registry: the CA that was given for it, or else the roots that Node itself has. */
export function likelyRoots(caPem: string | undefined): SecureContext {
  return context('likely', caPem, () => (caPem === undefined ? undefined : [caPem]))
}

/** Everything that is trusted: the roots of Node and of the system, and the CA that was given. */
export function allRoots(caPem: string | undefined): SecureContext {
  return context('all', caPem, () => [
    ...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...(caPem ? [caPem] : [])]),
  ])
}

function context(kind: string, caPem: string | undefined, roots: () => string[] | undefined): SecureContext {
  const key = `${kind} ${caPem}`
  let made = contexts.get(key)
  if (!made) {
    if (caPem !== undefined) assertCertificates(caPem)
    made = create(roots())
    contexts.set(key, made)
  }
  return made
}

function assertCertificates(pem: string): void {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new SealiftError('USAGE_CA', 'the file given as CA of the registry holds no certificate', {
      why: 'a CA file is PEM: -----BEGIN CERTIFICATE-----',
      fix: 'openssl x509 -in FILE -noout -subject',
    })
}

function create(ca: string[] | undefined): SecureContext {
  try {
    return createSecureContext(ca === undefined ? {} : { ca })
  } catch (cause) {
    throw new SealiftError('USAGE_CA', 'the file given as CA of the registry cannot be read', {
      why: (cause as Error).message,
      fix: 'openssl x509 -in FILE -noout -subject',
      cause,
    })
  }
}
