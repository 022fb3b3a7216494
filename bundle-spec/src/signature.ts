import { createHash, type KeyObject, verify } from 'node:crypto'
import { mediaTypes } from './descriptor.ts'
import { SealiftError } from './error.ts'
import { parseJson, toJson } from './json.ts'
import { publicKeysIn } from './pem.ts'

/** The hint that names a key in a Sigstore bundle, as cosign writes it: base64(SHA-256(DER SubjectPublicKeyInfo)). */
export function keyHint(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

/**
 * Checks a signature against pinned keys over the message itself. No key, certificate or digest is taken from the
 * signature file; it must be byte for byte what `sigstoreBundle` writes, so no byte of it can be changed unnoticed.
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
  const keys = trust.flatMap(readTrustedKeys)
  const key = keys.find((candidate) => keyHint(candidate) === hint)
  if (!key)
    throw new SealiftError('BUNDLE_UNTRUSTED', 'the bundle is signed by a key that is not trusted here', {
      why: `trusted: ${keys.map(keyHint).join(', ') || 'none'}`,
      fix: 'get the public key of the vendor by another way than the bundle, then pass it: --trust vendor.pub',
    })
  const signature = Buffer.from(encoded, 'base64')
  if (!verify('sha256', message, { key, dsaEncoding: 'der' }, signature))
    throw malformed('index.json was altered after it was signed')
  if (Buffer.compare(sigstoreBundle(key, message, signature), signatureFile) !== 0)
    throw malformed('the signature file was altered')
  return key
}

interface SigstoreBundle {
  mediaType?: unknown
  verificationMaterial?: { publicKey?: { hint?: unknown } }
  messageSignature?: { signature?: unknown }
}

/** The signature file as JSON. `signature` is DER. */
export function sigstoreBundle(publicKey: KeyObject, message: Uint8Array, signature: Buffer): Uint8Array {
  return toJson({
    mediaType: mediaTypes.sigstoreBundle,
    verificationMaterial: { publicKey: { hint: keyHint(publicKey) } },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(message).digest('base64') },
      signature: signature.toString('base64'),
    },
  })
}

/** The public keys in a text that may sign bundles, all of them (ECDSA P-256, PEM, SPKI). @throws SealiftError USAGE_TRUST */
export function readTrustedKeys(pem: string): KeyObject[] {
  try {
    const keys = publicKeysIn(pem)
    const other = keys.findIndex((key) => key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    if (other >= 0) throw new Error(`key ${other + 1} is of another kind`)
    return keys
  } catch (cause) {
    throw new SealiftError('USAGE_TRUST', 'a trusted key cannot be read', {
      why: `${(cause as Error).message}; it must be the public half of an ECDSA P-256 key, in PEM format`,
      fix: 'sealift keys generate writes one as NAME.pub',
      cause,
    })
  }
}
