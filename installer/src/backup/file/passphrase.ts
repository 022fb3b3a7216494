import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { type Identity, type Recipient, Stanza } from 'age-encryption'

/** scrypt's N is 2 to this: 64 MiB of memory for a moment, where age itself takes 256. No file may ask for more. */
const work = 16
const label = 'age-encryption.org/v1/scrypt'
const saltSize = 16
const tagSize = 16
const cipher = 'chacha20-poly1305'
const nonce = Buffer.alloc(12)

/**
 * Wraps keys of files with a passphrase (age-encryption.org/v1, "The scrypt recipient type") by scrypt of OpenSSL, which takes a
 * tenth of the time of one in JavaScript.
 */
export const passphraseRecipient = (passphrase: string): Recipient => ({
  async wrapFileKey(fileKey) {
    const salt = randomBytes(saltSize)
    const sealer = createCipheriv(cipher, await derive(passphrase, salt, work), nonce, { authTagLength: tagSize })
    const body = Buffer.concat([sealer.update(fileKey), sealer.final(), sealer.getAuthTag()])
    return [new Stanza(['scrypt', salt.toString('base64').replace(/=+$/, ''), String(work)], body)]
  },
})

/** Unwraps them; null with another passphrase. @throws Error where the stanza is none of scrypt's, or asks for too much */
export const passphraseIdentity = (passphrase: string): Identity => ({
  async unwrapFileKey(stanzas) {
    const [stanza, ...more] = stanzas
    if (stanza?.args[0] !== 'scrypt') return null
    const salt = Buffer.from(stanza.args[1] ?? '', 'base64')
    const asked = Number(stanza.args[2])
    if (
      more.length > 0 ||
      salt.length !== saltSize ||
      stanza.body.length !== 16 + tagSize ||
      !(Number.isInteger(asked) && asked >= 1 && asked <= work)
    )
      throw new Error('its header is not one that a passphrase opens')
    const opener = createDecipheriv(cipher, await derive(passphrase, salt, asked), nonce, { authTagLength: tagSize })
    opener.setAuthTag(stanza.body.subarray(-tagSize))
    try {
      return Buffer.concat([opener.update(stanza.body.subarray(0, -tagSize)), opener.final()])
    } catch {
      return null
    }
  },
})

const scrypted = promisify(scrypt) as (
  passphrase: string,
  salt: Uint8Array,
  length: number,
  options: object,
) => Promise<Buffer>

function derive(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN
  return scrypted(passphrase, Buffer.concat([Buffer.from(label), salt]), 32, { N, r: 8, p: 1, maxmem: 256 * 8 * N })
}
