import { createHash, createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { mediaTypes } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { parseJson, toJson } from './json.ts'

/** The hint that names a key in a Sigstore bundle, as cosign writes it: base64(SHA-256(DER SubjectPublicKeyInfo)). */
export function keyHint(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

/**
 * Signs a message with ECDSA P-256 over SHA-256 in Sigstore bundle format v0.3 (public key, no transparency log), which
 * `cosign verify-blob --key` reads. The nonce is derived from key and message (RFC 6979): same input, same bytes.
 * @param privateKey PEM, PKCS #8; `passphrase` where it is encrypted
 * @throws SealiftError USAGE_SIGNING_KEY
 */
export function signMessage(message: Uint8Array, privateKey: string, passphrase?: string): Uint8Array {
  const key = readSigningKey(privateKey, passphrase)
  const secret = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url')
  const signature = p256.sign(message, secret, { prehash: true, lowS: true, format: 'der' })
  return encode(createPublicKey(key), message, Buffer.from(signature))
}

/** @throws SealiftError USAGE_SIGNING_KEY */
export function readSigningKey(pem: string, passphrase?: string): KeyObject {
  const wrong = (why: string, fix: string, cause?: unknown) =>
    new SealiftError('USAGE_SIGNING_KEY', 'the signing key cannot be used', { why, fix, cause })
  const generate = 'sealift keys generate --out sealift'
  let key: KeyObject
  try {
    key = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
  } catch (cause) {
    if (/ENCRYPTED/.test(pem)) throw wrong('it needs its passphrase', 'set SEALIFT_KEY_PASSPHRASE', cause)
    throw wrong('it is not a private key in PEM format', generate, cause)
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw wrong('it is not an ECDSA P-256 key', generate)
  return key
}

/**
 * Checks a signature against pinned keys over the message itself. No key, certificate or digest is taken from the
 * signature file; it must be byte for byte what `signMessage` would write, so no byte of it can be changed unnoticed.
 * @param trust public keys, PEM (SPKI)
 * @returns the key that signed
 * @throws SealiftError BUNDLE_SIGNATURE, BUNDLE_UNTRUSTED, USAGE_TRUST
 */
export function verifyMessage(message: Uint8Array, signatureFile: Uint8Array, trust: readonly string[]): KeyObject {
  const malformed = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_SIGNATURE', 'the signature of the bundle does not hold', {
      why,
      fix: 'carry the bundle over again; compare its SHA-256 with the sender',
      cause,
    })
  const file = parseJson(signatureFile, 'the signature') as SigstoreBundle | null
  const hint = file?.verificationMaterial?.publicKey?.hint
  const encoded = file?.messageSignature?.signature
  if (typeof hint !== 'string' || typeof encoded !== 'string')
    throw malformed('it is not a Sigstore bundle v0.3 with a public key')
  const keys = trust.map(readTrustedKey)
  const key = keys.find((candidate) => keyHint(candidate) === hint)
  if (!key)
    throw new SealiftError('BUNDLE_UNTRUSTED', 'the bundle is signed by a key that is not trusted here', {
      why: `trusted: ${keys.map(keyHint).join(', ') || 'none'}`,
      fix: 'get the public key of the vendor by another way than the bundle, then pass it: --trust vendor.pub',
    })
  const signature = Buffer.from(encoded, 'base64')
  if (!verify('sha256', message, { key, dsaEncoding: 'der' }, signature))
    throw malformed('index.json was altered after it was signed')
  if (Buffer.compare(encode(key, message, signature), signatureFile) !== 0)
    throw malformed('the signature file was altered')
  return key
}

interface SigstoreBundle {
  mediaType?: unknown
  verificationMaterial?: { publicKey?: { hint?: unknown } }
  messageSignature?: { signature?: unknown }
}

function encode(publicKey: KeyObject, message: Uint8Array, signature: Buffer): Uint8Array {
  return toJson({
    mediaType: mediaTypes.sigstoreBundle,
    verificationMaterial: { publicKey: { hint: keyHint(publicKey) } },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(message).digest('base64') },
      signature: signature.toString('base64'),
    },
  })
}

function readTrustedKey(pem: string): KeyObject {
  try {
    // a private key would be accepted too: say so rather than let one lie around at a site
    if (/PRIVATE KEY/.test(pem)) throw new Error('private')
    const key = createPublicKey(pem)
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('curve')
    return key
  } catch (cause) {
    throw new SealiftError('USAGE_TRUST', 'a trusted key cannot be read', {
      why: 'it must be the public half of an ECDSA P-256 key, in PEM format',
      fix: 'sealift keys generate writes one as NAME.pub',
      cause,
    })
  }
}
