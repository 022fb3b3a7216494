import { createPublicKey, type KeyObject } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { SealiftError } from './error.ts'
import { openPrivateKey } from './private-key.ts'
import { sigstoreBundle } from './signature.ts'

/**
 * Signs a message with ECDSA P-256 over SHA-256 in Sigstore bundle format v0.3 (public key, no transparency log), which
 * `cosign verify-blob --key` reads. The nonce is derived from key and message (RFC 6979): same input, same bytes.
 * @param privateKey PEM, PKCS #8; `passphrase` where it is encrypted
 * @throws SealiftError USAGE_SIGNING_KEY
 */
export function signMessage(message: Uint8Array, privateKey: string, passphrase?: string): Uint8Array {
  const key = readSigningKey(privateKey, passphrase)
  const secret = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url')
  // the tables that make further signatures faster cost more than one signature
  p256.Point.BASE.precompute(1, true)
  const signature = p256.sign(message, secret, { prehash: true, lowS: true, format: 'der' })
  return sigstoreBundle(createPublicKey(key), message, Buffer.from(signature))
}

/** @throws SealiftError USAGE_SIGNING_KEY */
export function readSigningKey(pem: string, passphrase?: string): KeyObject {
  const generate = 'sealift keys generate --out sealift'
  const wrong = (why: string, fix = generate, cause?: unknown) =>
    new SealiftError('USAGE_SIGNING_KEY', 'the signing key cannot be used', { why, fix, cause })
  const key = openPrivateKey(pem, passphrase, wrong)
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw wrong('it is not an ECDSA P-256 key')
  return key
}
