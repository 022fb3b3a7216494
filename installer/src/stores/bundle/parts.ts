import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import {
  bundleOfPart,
  type Parts,
  partName,
  partsIndexName,
  partsSignatureName,
  readParts,
} from '@sealift/bundle-spec/parts.ts'
import { verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { readExactly } from '../read-exactly.ts'
import { seemsToBe } from '../seems.ts'
import { explained } from './part-faults.ts'
import { checkPresence } from './part-presence.ts'
import { type OpenPart, openRegularFile, type PartedFile, partedFile } from './parted-file.ts'
import { exists, ofPiece, onlyPieces } from './pieces.ts'

/**
 * Opens the bytes of a bundle: the file `path`, or its parts where there is no such file but a parts index. The name of
 * a part or of the parts index stands for all of them. Parts are there with the right length then; what is in them is
 * proven with the bundle.
 * @param trust public keys (PEM, SPKI) that may have signed the parts index
 * @returns the parts index too, where there is one
 * @throws SealiftError BUNDLE_MISSING, BUNDLE_PARTS, BUNDLE_PART_MISSING, BUNDLE_PART_SIZE, BUNDLE_UNSIGNED, BUNDLE_UNTRUSTED
 */
export async function openParts(
  path: string,
  trust: readonly string[],
): Promise<{ file: PartedFile; index: Parts | undefined }> {
  const bundle = await bundleInParts(path)
  if (bundle === undefined) return { file: partedFile([await openRegularFile(path)]), index: undefined }
  const index = await readPartsIndex(bundle, trust)
  const opened = await Promise.allSettled(index.parts.map((_, i) => openRegularFile(partName(bundle, i + 1))))
  const parts = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  try {
    await checkPresence(bundle, index, opened)
    const expected = parts.map((part, i): OpenPart => ({ ...part, digest: index.parts[i]?.digest as string }))
    return { file: partedFile(expected), index }
  } catch (error) {
    await Promise.all(parts.map((part) => part.handle.close()))
    throw error
  }
}

/**
 * Closes what cannot be read as a bundle.
 * @returns what to throw: where a part is the reason, or that this is only a piece of a bundle, it says so
 */
export async function unopened(failure: unknown, file: PartedFile, path: string): Promise<unknown> {
  try {
    return await ofPiece(await explained(failure, file), path)
  } finally {
    await file.close()
  }
}

/** The bundle whose parts a path stands for; undefined where it stands for a file. */
export async function bundleInParts(path: string): Promise<string | undefined> {
  const named = bundleOfPart(path)
  if (named !== undefined && (await exists(partsIndexName(named)))) return named
  if (await exists(path)) return undefined
  if (await exists(partsIndexName(path))) return path
  const pieces = await onlyPieces(path)
  if (pieces) throw pieces
  return undefined
}

/**
 * Reads the parts index of a bundle, signature first.
 * @throws SealiftError BUNDLE_PARTS, BUNDLE_UNSIGNED, BUNDLE_UNTRUSTED
 */
export async function readPartsIndex(bundle: string, trust: readonly string[]): Promise<Parts> {
  const name = partsIndexName(bundle)
  const signatureName = partsSignatureName(bundle)
  const bytes = await readSmallFile(name, limits.document)
  if (!(await exists(signatureName)))
    throw new SealiftError('BUNDLE_UNSIGNED', `${name} is not signed`, {
      why: `${signatureName} is missing`,
      fix: `carry ${signatureName} over too`,
    })
  const signature = await readSmallFile(signatureName, limits.signature)
  try {
    verifyMessage(bytes, signature, trust)
  } catch (cause) {
    if (!(cause instanceof SealiftError) || cause.code === 'USAGE_TRUST') throw cause
    if (cause.code === 'BUNDLE_UNTRUSTED')
      throw new SealiftError(cause.code, `${name} is signed by a key that is not trusted here`, { ...cause, cause })
    const odd = Object.entries({ [name]: bytes, [signatureName]: signature }).find(([, text]) => !isJson(text))
    throw new SealiftError('BUNDLE_PARTS', `${odd?.[0] ?? name} is damaged`, {
      why: odd ? seemsToBe(odd[1]).what : 'its signature does not hold',
      fix: `carry ${name} and ${signatureName} over again`,
      cause,
    })
  }
  return readParts(bytes, name)
}

async function readSmallFile(path: string, limit: number): Promise<Buffer> {
  const file = partedFile([await openRegularFile(path)])
  try {
    if (file.size > limit)
      throw new SealiftError('BUNDLE_LIMIT', `${path} is too large`, {
        why: `${file.size} bytes, the limit is ${limit}`,
      })
    return (await readExactly(file, 0, file.size)) ?? Buffer.alloc(0)
  } finally {
    await file.close()
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}
