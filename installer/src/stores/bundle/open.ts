import { annotations, checkDescriptor, type Descriptor, type Role } from '@sealift/bundle-spec/descriptor.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { keyHint, verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { misstated } from '@sealift/bundle-spec/stated.ts'
import type { ByteRange, ContentStore } from '@sealift/bundle-spec/store.ts'
import { digestOfName, type Entry, layoutDocument } from '@sealift/bundle-spec/tar.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { readEntries, readExactly } from './entries.ts'
import { explained } from './part-faults.ts'
import type { PartedFile } from './parted-file.ts'
import { openParts } from './parts.ts'

/** An artifact that the signed index names. `reference` is a full one, with the vendor's host. */
export interface Artifact {
  descriptor: Descriptor
  reference: string
  role: Role
  name: string
}

/** A bundle whose signature held. Its blobs are hashed when they are read, or all at once by `verifyBundle`. */
export interface Bundle {
  path: string
  /** bytes of the bundle, in all of its parts */
  size: number
  store: ContentStore
  artifacts: readonly Artifact[]
  /** where each file lies in it */
  entries: readonly Entry[]
  /** its bytes, in one file or in parts */
  file: PartedFile
  /** digest of index.json: what the signature is over */
  indexDigest: string
  /** hint of the key that signed: base64(SHA-256(DER SubjectPublicKeyInfo)) */
  signedBy: string
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
    const entries = await readEntries(file, path)
    const [layout, index, signature] = entries as [Entry, Entry, Entry]
    const layoutBytes = await readExactly(file, layout.offset, layout.size)
    if (!layoutBytes?.equals(layoutDocument))
      throw new SealiftError('BUNDLE_FORMAT', `${path} is not a bundle`, { why: 'its oci-layout is another version' })
    const indexBytes = await readSmall(file, index, limits.document, path)
    const key = verifyMessage(indexBytes, await readSmall(file, signature, limits.signature, path), trust)
    const indexDigest = digestOf(indexBytes)
    if (parts && parts.index !== indexDigest)
      throw new SealiftError('BUNDLE_PARTS', `the parts index beside ${path} belongs to another bundle`, {
        why: `it was made for the index ${parts.index}, the parts hold ${indexDigest}`,
        fix: 'carry the parts index over again, with its signature',
      })
    const artifacts = readIndex(indexBytes)
    return {
      path,
      size: file.size,
      store: storeOf(path, file, entries, artifacts),
      artifacts,
      entries,
      file,
      indexDigest,
      signedBy: keyHint(key),
      close: () => file.close(),
    }
  } catch (error) {
    const failure = await explained(error, file).finally(() => file.close())
    throw failure
  }
}

async function readSmall(file: PartedFile, entry: Entry, limit: number, path: string): Promise<Buffer> {
  if (entry.size > limit)
    throw new SealiftError('BUNDLE_LIMIT', `${path}: ${entry.name} is too large`, {
      why: `${entry.size} bytes, the limit is ${limit}`,
    })
  return (await readExactly(file, entry.offset, entry.size)) as Buffer
}

function readIndex(bytes: Buffer): Artifact[] {
  const index = parseJson(bytes, 'index.json') as { manifests?: unknown; layers?: unknown } | null
  if (!Array.isArray(index?.manifests) || index.layers !== undefined)
    throw new SealiftError('BUNDLE_FORMAT', 'index.json is not an OCI image index')
  const seen = new Set<string>()
  return index.manifests.map((value) => {
    const descriptor = checkDescriptor(value, 'index.json')
    const {
      [annotations.refName]: reference,
      [annotations.role]: role,
      [annotations.name]: name,
    } = descriptor.annotations ?? {}
    if (!reference || !role || !name)
      throw new SealiftError('BUNDLE_FORMAT', `index.json does not say what ${descriptor.digest} is`)
    if (reference.length > limits.referenceLength || !/^[A-Za-z0-9[][A-Za-z0-9._:/@[\]+-]*$/.test(reference))
      throw new SealiftError('BUNDLE_FORMAT', `index.json gives ${descriptor.digest} a name that is no reference`)
    if (seen.has(reference)) throw new SealiftError('BUNDLE_FORMAT', `index.json has the name ${reference} twice`)
    seen.add(reference)
    return { descriptor, reference, role: role as Role, name }
  })
}

function storeOf(
  path: string,
  file: PartedFile,
  entries: readonly Entry[],
  artifacts: readonly Artifact[],
): ContentStore {
  const origin = `bundle ${path}`
  const blobs = new Map(entries.slice(3).map((entry) => [digestOfName(entry.name), entry]))
  return {
    origin,
    async resolve(reference) {
      const artifact = artifacts.find(
        (a) =>
          a.reference === reference || `${a.reference.replace(/:[^/:]*$/, '')}@${a.descriptor.digest}` === reference,
      )
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
