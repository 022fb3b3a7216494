import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { SignedIndex } from '@sealift/bundle-spec/signed-index.ts'
import { misstated } from '@sealift/bundle-spec/stated.ts'
import type { ByteRange, ContentStore } from '@sealift/bundle-spec/store.ts'
import { digestOfName, type Entry } from '@sealift/bundle-spec/tar.ts'
import { readExactly } from '../read-exactly.ts'
import { type Artifact, artifactFinder, openSignedIndex, type SignedRelease } from '../signed-release.ts'
import { beginBundle } from './entries.ts'
import { explained } from './part-faults.ts'
import type { PartedFile } from './parted-file.ts'
import { openParts, unopened } from './parts.ts'

/** A bundle whose signature held. Its blobs are hashed when they are read, or all at once by `verifyBundle`. */
export interface Bundle extends SignedRelease {
  /** bytes of the bundle, in all of its parts */
  size: number
  signed: SignedIndex
  /** where each file lies in it */
  entries: readonly Entry[]
  /** its bytes, in one file or in parts */
  file: PartedFile
  close(): Promise<void>
}

/**
 * Opens a bundle, in one file or in parts (`openParts` says how they are named), and checks its signature before it looks
 * at anything else. There is no way to open one without.
 * @param trust public keys (PEM, SPKI) that may have signed it
 * @throws SealiftError BUNDLE_MISSING, BUNDLE_FORMAT, BUNDLE_ENTRY, BUNDLE_TRUNCATED, BUNDLE_UNSIGNED, BUNDLE_SIGNATURE,
 * BUNDLE_UNTRUSTED, and BUNDLE_PART* where a part is the reason
 */
export async function openBundle(path: string, trust: readonly string[]): Promise<Bundle> {
  const { file, index: parts } = await openParts(path, trust)
  try {
    const { index, signature, rest } = await beginBundle(file, path)
    const signed: SignedIndex = {
      index: await readSmall(file, index, limits.document, path),
      signature: await readSmall(file, signature, limits.signature, path),
    }
    const opened = openSignedIndex(signed, trust)
    const { indexDigest, artifacts } = opened
    if (parts && parts.index !== indexDigest)
      throw new SealiftError('BUNDLE_PARTS', `the parts index beside ${path} belongs to another bundle`, {
        why: `it was made for the index ${parts.index}, the parts hold ${indexDigest}`,
        fix: 'carry the parts index over again, with its signature',
      })
    const entries = await rest()
    return {
      ...opened,
      path,
      size: file.size,
      signed,
      store: storeOf(path, file, entries, artifacts),
      entries,
      file,
      explain: (error) => explained(error, file),
      close: () => file.close(),
    }
  } catch (error) {
    throw await unopened(error, file, path)
  }
}

async function readSmall(file: PartedFile, entry: Entry, limit: number, path: string): Promise<Buffer> {
  if (entry.size > limit)
    throw new SealiftError('BUNDLE_LIMIT', `${path}: ${entry.name} is too large`, {
      why: `${entry.size} bytes, the limit is ${limit}`,
    })
  return (await readExactly(file, entry.offset, entry.size)) as Buffer
}

function storeOf(
  path: string,
  file: PartedFile,
  entries: readonly Entry[],
  artifacts: readonly Artifact[],
): ContentStore {
  const origin = `bundle ${path}`
  const find = artifactFinder(artifacts)
  const blobs = new Map(entries.slice(3).map((entry) => [digestOfName(entry.name), entry]))
  return {
    origin,
    async resolve(reference) {
      const artifact = find(reference)
      if (artifact) return artifact.descriptor
      throw new SealiftError('BUNDLE_NOT_FOUND', `${origin} does not hold ${reference}`, {
        fix: `sealift bundle inspect ${path}`,
      })
    },
    async has(_repository, descriptor) {
      return blobs.get(descriptor.digest)?.size === descriptor.size
    },
    async open(_repository, descriptor, range, signal) {
      const entry = blobs.get(descriptor.digest)
      if (!entry)
        throw new SealiftError('BUNDLE_NOT_FOUND', `${origin} does not hold ${descriptor.digest}`, {
          fix: `sealift bundle verify ${path}`,
        })
      if (entry.size !== descriptor.size)
        throw misstated(origin, descriptor, `${descriptor.size} bytes are announced, and ${entry.size} are there`)
      return readRange(file, entry, range ?? { start: 0, end: entry.size }, signal)
    },
  }
}

/** bytes of one read */
const chunkSize = 1 << 20

async function* readRange(
  file: PartedFile,
  entry: Entry,
  range: ByteRange,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const end = Math.min(range.end, entry.size)
  for (let at = range.start; at < end; ) {
    signal?.throwIfAborted()
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, entry.offset + at)
    if (bytesRead === 0) throw new SealiftError('BUNDLE_TRUNCATED', `${entry.name} was cut while it was read`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
