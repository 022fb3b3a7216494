import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { nameConstraints } from './name-constraints.ts'

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  certificate: string
  key: string
}

export interface Validity {
  from: Date
  to: Date
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/**
 * Makes a certificate authority (ECDSA P-256) that may sign certificates of servers, those of `hosts` and of no other:
 * whoever trusts it trusts it, and whoever gets its key, with no more than that.
 */
export async function createAuthority(
  commonName: string,
  hosts: readonly string[],
  { from, to }: Validity,
): Promise<KeyPair> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName.slice(0, 64)] }],
    notBefore: from,
    notAfter: to,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      nameConstraints(hosts),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/** Issues a certificate of a server for names and addresses, signed by an authority. */
export async function issueCertificate(
  authority: KeyPair,
  hosts: readonly string[],
  { from, to }: Validity,
): Promise<KeyPair> {
  const keys = await newKeys()
  const issuer = new X509Certificate(authority.certificate)
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [commonName(hosts[0] ?? 'server')] }],
    // the name itself, not its text: Go compares the bytes
    issuer: issuer.subjectName,
    notBefore: from,
    notAfter: to,
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await authorityOf(issuer),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/**
 * 64 characters at most; clients go by the subjectAltName. An address as it stands would be taken for a DNS name, which
 * the CA may not sign.
 */
const commonName = (host: string) => (isIP(host) ? `server at ${host}` : host).slice(0, 64)

/** How the CA names its own key, whatever way it was computed: it has to be the same (RFC 5280, 4.2.1.1). */
async function authorityOf(issuer: X509Certificate): Promise<AuthorityKeyIdentifierExtension> {
  const named = issuer.getExtension(SubjectKeyIdentifierExtension)
  return named ? new AuthorityKeyIdentifierExtension(named.keyId) : await AuthorityKeyIdentifierExtension.create(issuer)
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>

const exportKey = async (key: CryptoKey): Promise<string> =>
  `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`

const importKey = async (pem: string): Promise<CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), algorithm, false, ['sign']) as Promise<CryptoKey>
