import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

/**
 * A new Ed25519 key. ssh2 has a generator, too, but takes away the zeros that one public key in 256 begins with, and then
 * can't read what it made.
 */
export const newOpensshKey = (): string => opensshKey(generateKeyPairSync('ed25519').privateKey)

/**
 * An Ed25519 private key in OpenSSH's own format, the only one that ssh2 reads. Format: PROTOCOL.key of OpenSSH. Throws an
 * Error for any other kind of key.
 */
export function opensshKey(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the SSH host key is not an Ed25519 key')
  const publicKey = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')
  const seed = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url')
  const name = string('ssh-ed25519')
  const publicBlob = Buffer.concat([name, string(publicKey)])
  const check = randomBytes(4)
  const secret = Buffer.concat([check, check, publicBlob, string(Buffer.concat([seed, publicKey])), string('')])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1))
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    Buffer.from([0, 0, 0, 1]),
    string(publicBlob),
    string(Buffer.concat([secret, padding])),
  ])
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? []
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`
}

/** A string as RFC 4251, section 5, has it: four bytes of length, then the bytes. */
function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
