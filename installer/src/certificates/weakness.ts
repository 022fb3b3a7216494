import type { X509Certificate } from 'node:crypto'

/** Why browsers would refuse certificates of a chain whatever their names: an old hash, a short key. */
export function weakness(chain: readonly X509Certificate[]): string | undefined {
  for (const [i, one] of chain.entries()) {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = one.publicKey
    const bits = details?.modulusLength
    if (bits !== undefined && bits < 2048) return `certificate ${i + 1} has a key of ${bits} bits`
    if (type === 'dsa') return `certificate ${i + 1} has a DSA key`
    // nobody checks how a root has signed itself
    const isRoot = one.checkIssued(one) && one.verify(one.publicKey)
    if (!isRoot && /sha1|md5|md2/i.test(one.signatureAlgorithm ?? ''))
      return `certificate ${i + 1} is signed with ${one.signatureAlgorithm}`
  }
  return undefined
}
