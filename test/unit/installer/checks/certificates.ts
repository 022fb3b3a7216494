import { webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as Crypto)

export interface Made {
  pem: string
  certificate: x509.X509Certificate
  keys: CryptoKeyPair
}

const strong = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
}

/** A certificate, self-signed without an issuer. */
export async function certificate(
  name: string,
  { by, hash = 'SHA-256', bits = 2048, days = 365, names = [] as string[] }: Partial<Options> = {},
): Promise<Made> {
  const algorithm = { ...strong, hash, modulusLength: bits }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: by?.certificate.subject ?? `CN=${name}`,
    serialNumber: Math.floor(Math.random() * 1e9)
      .toString(16)
      .padStart(8, '1'),
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + days * 86_400_000),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: by?.keys.privateKey ?? keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(names.length === 0, undefined, true),
      ...(names.length > 0
        ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value })))]
        : []),
    ],
  })
  return { pem: `${made.toString('pem')}\n`, certificate: made, keys }
}

interface Options {
  by: Made
  hash: string
  bits: number
  days: number
  names: string[]
}

/** Writes the private key of a certificate. */
export async function writeKey({ keys }: Made, file: string): Promise<void> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  writeFileSync(file, `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`)
}
