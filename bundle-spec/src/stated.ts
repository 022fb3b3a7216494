import { type Descriptor, isDocument } from './descriptor.ts'
import { SealiftError } from './error.ts'

/** The failure of a descriptor that states something else of content than another one, or than is there. */
export const misstated = (origin: string, { digest }: Descriptor, why: string): SealiftError =>
  new SealiftError('BUNDLE_DESCRIPTOR', `${origin}: ${digest} is announced as something else than it is`, { why })

/**
 * Holds what a descriptor states of content against what another one states. Blobs may have several media types (a layer is
 * OCI's and Docker's); a document has one, which says how it is read.
 * @throws SealiftError BUNDLE_DESCRIPTOR
 */
export function checkSame(origin: string, known: Descriptor, other: Descriptor): void {
  if (known.size !== other.size) throw misstated(origin, other, `${known.size} and ${other.size} bytes`)
  const isKind = isDocument(known.mediaType) || isDocument(other.mediaType)
  if (isKind && known.mediaType !== other.mediaType)
    throw misstated(origin, other, `${known.mediaType} and ${other.mediaType}`)
}
