import { createCipheriv, createPrivateKey, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto'
import { type DerElement, der, derElements, derInteger, derOid, derValue, tag } from './der.ts'
import type { SealiftError } from './error.ts'
import { limits } from './limits.ts'

/** Rounds of PBKDF2-HMAC-SHA256 that stand between a stolen file and its passphrase (OWASP, Password Storage). */
const rounds = 600_000

/** RFC 8018, appendix A and B; RFC 7914, section 7; NIST's list of AES. */
const oid = {
  pbes2: derOid('1.2.840.113549.1.5.13'),
  pbkdf2: derOid('1.2.840.113549.1.5.12'),
  hmacSha256: derOid('1.2.840.113549.2.9'),
  scrypt: derOid('1.3.6.1.4.1.11591.4.11'),
  aes256: derOid('2.16.840.1.101.3.4.1.42'),
}

const label = 'ENCRYPTED PRIVATE KEY'

/**
 * A private key under a passphrase: PEM of an EncryptedPrivateKeyInfo (RFC 5958) with AES-256-CBC and 600,000 rounds of
 * PBKDF2 (RFC 8018, PBES2). OpenSSL and whatever is built on it reads it. Node's own export has 2,048 rounds, and no way
 * to ask for more.
 */
export function encryptPrivateKey(key: KeyObject, passphrase: string): string {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(passphrase, salt, rounds, 32, 'sha256'), iv)
  const secret = Buffer.concat([cipher.update(key.export({ type: 'pkcs8', format: 'der' })), cipher.final()])
  const derivation = der(
    tag.sequence,
    oid.pbkdf2,
    der(tag.sequence, der(tag.octets, salt), derInteger(rounds), der(tag.sequence, oid.hmacSha256, der(tag.null))),
  )
  const encryption = der(tag.sequence, oid.aes256, der(tag.octets, iv))
  const algorithm = der(tag.sequence, oid.pbes2, der(tag.sequence, derivation, encryption))
  const lines =
    der(tag.sequence, algorithm, der(tag.octets, secret))
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/**
 * Reads a private key in PEM. What an encrypted one asks for in work is looked at before any of it is done.
 * @param refuse makes the failure to throw
 */
export function openPrivateKey(
  pem: string,
  passphrase: string | undefined,
  refuse: (why: string, fix?: string, cause?: unknown) => SealiftError,
): KeyObject {
  const keys = pem.match(/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/g)?.length ?? 0
  if (keys > 1) throw refuse(`it holds ${keys} private keys`, 'name a file with the one that is to sign')
  const isEncrypted = pem.includes('ENCRYPTED')
  if (isEncrypted && passphrase === undefined) throw refuse('it needs its passphrase', 'set SEALIFT_KEY_PASSPHRASE')
  // only what was looked at is given on
  const encrypted = pem.includes(label) ? encryptedKey(pem, refuse) : undefined
  try {
    if (encrypted) return createPrivateKey({ key: encrypted, format: 'der', type: 'pkcs8', passphrase })
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (cause) {
    if (isEncrypted) throw refuse('its passphrase is another one', 'set SEALIFT_KEY_PASSPHRASE', cause)
    throw refuse('it is not a private key in PEM format', undefined, cause)
  }
}

/** The DER of the one encrypted key in a file, if the work that it asks for is within limits. */
function encryptedKey(pem: string, refuse: (why: string, fix?: string) => SealiftError): Buffer {
  const bytes = Buffer.from(block.exec(pem.trim())?.[1] ?? '', 'base64')
  const [whole, ...more] = derElements(bytes) ?? []
  const algorithm = child(whole, 0)
  const derivation = child(child(algorithm, 1), 0)
  if (more.length > 0 || !derivation || !isOid(child(algorithm, 0), oid.pbes2))
    throw refuse('it is not one key that is encrypted by PBES2', 'openssl pkcs8 -topk8 -in FILE -out NEW')
  const work = workOf(derivation)
  if (!work) throw refuse('its passphrase is derived by neither PBKDF2 nor scrypt')
  if (work.asked > work.limit)
    throw refuse(`it asks for ${work.asked} ${work.unit}, the limit is ${work.limit}`, 'do not use files of strangers')
  return bytes
}

const block = /^-----BEGIN ENCRYPTED PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----$/

/** What the derivation of a key costs; undefined where it is of no known kind. */
function workOf(derivation: DerElement): { asked: number; limit: number; unit: string } | undefined {
  const [kind, parameters] = [child(derivation, 0), child(derivation, 1)]
  // the salt comes first in both
  const [first, second, third] = [1, 2, 3].map((i) => derValue(child(parameters, i)))
  if (isOid(kind, oid.pbkdf2))
    return { asked: first ?? Number.POSITIVE_INFINITY, limit: limits.keyRounds, unit: 'rounds of PBKDF2' }
  if (!isOid(kind, oid.scrypt)) return undefined
  const asked = [first, second, third].reduce<number>((product, n) => product * (n ?? Number.POSITIVE_INFINITY), 1)
  return { asked, limit: limits.keyScrypt, unit: 'blocks of scrypt' }
}

/** The element at a place within another; undefined where there is none. */
const child = (element: DerElement | undefined, i: number): DerElement | undefined =>
  element && derElements(element.content)?.[i]
const isOid = (element: DerElement | undefined, name: Buffer): boolean => element?.whole.equals(name) ?? false
