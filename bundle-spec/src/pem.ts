import { createPublicKey, type KeyObject } from 'node:crypto'

/** A block of PEM as it stands: `-----BEGIN label-----` to its end (RFC 7468). */
export interface PemBlock {
  label: string
  text: string
}

/**
 * The blocks in a text, in their order; what stands between them says nothing.
 * @throws Error where one is begun and not ended
 */
export function pemBlocks(text: string): PemBlock[] {
  const begun = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----/g)]
  return begun.map(({ 1: label = '', index }, i) => {
    const rest = text.slice(index, begun[i + 1]?.index)
    const end = `-----END ${label}-----`
    const at = rest.indexOf(end)
    if (at < 0) throw new Error(`block ${i + 1}, ${label}, is begun and not ended`)
    return { label, text: `${rest.slice(0, at)}${end}\n` }
  })
}

/**
 * All public keys in a text, at least one; there is nothing else in it. Somebody's private key, or a certificate, holds a
 * public one too: it is refused, so that none lies around where it is not needed.
 * @throws Error
 */
export function publicKeysIn(text: string): [KeyObject, ...KeyObject[]] {
  const [first, ...more] = pemBlocks(text).map(({ label, text: block }, i) => {
    if (label !== 'PUBLIC KEY') throw new Error(`block ${i + 1} is a ${label}, not a PUBLIC KEY`)
    try {
      return createPublicKey(block)
    } catch (cause) {
      throw new Error(`block ${i + 1} is damaged`, { cause })
    }
  })
  if (!first) throw new Error('there is no public key in PEM format in it')
  return [first, ...more]
}
