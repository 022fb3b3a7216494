import { createHash } from 'node:crypto'
import { ApiError } from '../errors.ts'

/** A user's public key for SSH: `text` is type and base64, without the comment. */
export type PublicKey = { type: string; text: string; fingerprint: string; comment: string }

const curves: Record<string, { curve: string; point: number }> = {
  'ecdsa-sha2-nistp256': { curve: 'nistp256', point: 65 },
  'ecdsa-sha2-nistp384': { curve: 'nistp384', point: 97 },
  'ecdsa-sha2-nistp521': { curve: 'nistp521', point: 133 },
}
const smallestRsa = 2048

const refuse = (why: string, fix = 'paste the one line of ~/.ssh/id_ed25519.pub'): never => {
  throw new ApiError(422, 'SSH_KEY_INVALID', 'this is not a public key that workspaces accept', { why, fix })
}

/**
 * Reads a line as OpenSSH writes it (`type base64 comment`), and checks that what is inside is what it says (RFC 4253
 * section 6.6, RFC 5656 section 3.1, RFC 8709 section 4). The fingerprint is OpenSSH's `SHA256:…`.
 * @throws ApiError 422 SSH_KEY_INVALID
 */
export function readPublicKey(line: string): PublicKey {
  const [type = '', base64 = '', ...comment] = line.trim().split(/[ \t]+/)
  if (/PRIVATE KEY/.test(line)) refuse('it is a private key, which must never leave your machine')
  if (/[\r\n]/.test(line.trim())) refuse('it has more than one line')
  if (/^sk-|@openssh\.com$/.test(type)) refuse(`${type} keys and certificates are not supported`)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) refuse('it is not a type and base64')
  const blob = Buffer.from(base64, 'base64')
  const fields = strings(blob)
  if (fields[0]?.toString('latin1') !== type) refuse('its type does not match what it contains')
  const curve = curves[type]
  if (type === 'ssh-ed25519') {
    if (fields.length !== 2 || fields[1]?.length !== 32) refuse('an Ed25519 key has 32 bytes')
  } else if (curve !== undefined) {
    const good =
      fields[1]?.toString('latin1') === curve.curve && fields[2]?.length === curve.point && fields[2][0] === 4
    if (fields.length !== 3 || !good) refuse('it is not a point of its curve')
  } else if (type === 'ssh-rsa') {
    const modulus = fields[2]
    const bits = modulus === undefined ? 0 : (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8
    if (fields.length !== 3 || bits < smallestRsa || bits > 16_384) refuse(`an RSA key has ${smallestRsa} bits or more`)
  } else refuse(`the type ${type.slice(0, 40)} is not one of ssh-ed25519, ecdsa-sha2-nistp256/384/521, ssh-rsa`)
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return { type, text: `${type} ${blob.toString('base64')}`, fingerprint: `SHA256:${hash}`, comment: comment.join(' ') }
}

/** The length-prefixed strings that a key consists of, all of it. */
function strings(blob: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length || at + 4 + blob.readUInt32BE(at) > blob.length) return []
    const length = blob.readUInt32BE(at)
    found.push(blob.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return found
}
