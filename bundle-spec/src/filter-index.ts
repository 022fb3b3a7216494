import { type Descriptor, isIndex } from './descriptor.ts'
import { childrenOf } from './document.ts'
import { SealiftError } from './error.ts'
import { parseJson, toJson } from './json.ts'
import { selectPlatforms } from './platform.ts'

/**
 * The index that a release delivers in place of a vendor's: the same document with fewer entries, as compact JSON with
 * its keys in their order. So anyone who has the vendor's can derive it. Undefined where nothing is to be left out.
 * @throws SealiftError BUNDLE_DOCUMENT, BUNDLE_DESCRIPTOR, BUNDLE_JSON
 */
export function filterIndex(
  original: Descriptor,
  bytes: Uint8Array,
  platforms: readonly string[],
): Uint8Array | undefined {
  if (!isIndex(original.mediaType))
    throw new SealiftError('BUNDLE_DOCUMENT', `document ${original.digest} is not an index`)
  const entries = childrenOf(original, bytes)
  const selected = new Set(selectPlatforms(entries, platforms))
  if (selected.size === entries.length) return undefined
  const document = parseJson(bytes, `document ${original.digest}`) as { manifests: unknown[] }
  const manifests = document.manifests.filter((_, i) => selected.has(entries[i] as Descriptor))
  return toJson({ ...document, manifests })
}
