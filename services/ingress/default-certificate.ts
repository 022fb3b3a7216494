import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { der, derOid as oid } from '@sealift/bundle-spec/der.ts'

/** Fixed names from RFC 5280, 5480 and 5758. */
const ids = { commonName: '2.5.4.3', subjectAltName: '2.5.29.17', ecdsaWithSha256: '1.2.840.10045.4.3.2' }
const name = 'ingress.invalid'
const yearMs = 365 * 86_400_000

/**
 * A fresh self-signed certificate (ECDSA P-256, ten years) with its key, PEM. It serves where no certificate was
 * given, so that a TLS handshake fails at the client's trust and not in a way that looks like a broken network.
 */
export function selfSigned(now: Date): string {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(ids.ecdsaWithSha256))
  const subject = sequence(der(0x31, sequence(oid(ids.commonName), der(0x0c, Buffer.from(name)))))
  const serial = randomBytes(16)
  // Positive and without a leading zero byte.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const alternative = sequence(oid(ids.subjectAltName), der(0x04, sequence(der(0x82, Buffer.from(name)))))
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    subject,
    sequence(utcTime(now), utcTime(new Date(now.getTime() + 10 * yearMs))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternative)),
  )
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n${key}`
}

const sequence = (...contents: Buffer[]): Buffer => der(0x30, ...contents)

/** UTCTime until 2049, as RFC 5280, section 4.1.2.5 wants it. */
const utcTime = (date: Date): Buffer =>
  der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
