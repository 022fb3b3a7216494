import { createPublicKey } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { cut, type Part, type Parts, partName, partsIndexName, partsSignatureName } from '@sealift/bundle-spec/parts.ts'
import { readSigningKey, signMessage } from '@sealift/bundle-spec/sign.ts'
import { checkName, checkTarget } from '../target.ts'
import { writeFailure } from '../write-failure.ts'
import { cutUp } from './cut-up.ts'
import { hashPieces } from './hash-pool.ts'
import { openBundle } from './open.ts'
import type { PartedFile } from './parted-file.ts'
import { bundleInParts, readPartsIndex } from './parts.ts'
import { verifyBundle } from './verify.ts'
import { assertRoom, copyPart, holds, replaceFile } from './write-part.ts'

export interface SplitOptions {
  /** the bundle: one file, or parts that are to get another size */
  path: string
  /** keys that may have signed it, besides the one that signs the parts index now (PEM, SPKI) */
  trust?: readonly string[]
  /** bytes of a part; the last one has what is left */
  partSize: number
  /** ECDSA P-256 private key, PEM, and its passphrase where it is encrypted */
  signingKey: string
  passphrase?: string | undefined
  /** the name that parts get before their number (default: `path`) */
  out?: string | undefined
  /**
   * Cuts the file itself up, from its end, instead of copying it: takes one part of disk more than the bundle, not all of
   * it twice. The file is gone afterwards.
   */
  move?: boolean
  signal?: AbortSignal
  onStep?: (title: string) => void
  onProgress?: (done: number, total: number) => void
}

export interface SplitResult {
  /** what `openBundle` takes */
  path: string
  /** bytes of the bundle */
  size: number
  parts: { path: string; size: number; digest: string }[]
  /** bytes of parts that were there already */
  kept: number
}

/**
 * Cuts a bundle into parts with a signed parts index (SPEC.md, "Parts"). The bundle is verified first, so that no parts
 * index vouches for damaged parts. Interrupted at any moment, the same call goes on.
 * @throws SealiftError USAGE_PART_SIZE, USAGE_SIGNING_KEY, BUNDLE_*, STORAGE_*
 */
export async function splitBundle(options: SplitOptions): Promise<SplitResult> {
  const { path, move = false } = options
  const out = options.out ?? path
  if (move && out !== path)
    throw new SealiftError('USAGE_ARGUMENTS', 'parts of a file that is cut up stay beside it', {
      fix: 'leave out --out, or leave out --move',
    })
  checkName(out)
  checkTarget(partName(out, 1))
  const key = createPublicKey(readSigningKey(options.signingKey, options.passphrase))
  const trust = [...(options.trust ?? []), key.export({ type: 'spki', format: 'pem' }) as string]
  if (move && (await bundleInParts(path)) === path) {
    // a run before this one began to cut, or is done
    const index = await readPartsIndex(path, trust)
    return resultOf(path, index, await cutUp(path, index, options))
  }
  const bundle = await openBundle(path, trust)
  try {
    if ((await bundleInParts(path)) === out)
      throw new SealiftError('USAGE_ARGUMENTS', `${path} is in parts already`, {
        fix: 'give the new parts a name: --out PATH',
      })
    const ranges = cut(bundle.size, options.partSize)
    for (const target of [partsIndexName(out), partsSignatureName(out), ...ranges.map((_, i) => partName(out, i + 1))])
      checkTarget(target)
    await assertRoom(out, move ? Math.max(0, ...ranges.slice(1).map(({ size }) => size)) : 0)
    options.onStep?.('Verifying')
    await verifyBundle(bundle, options)
    options.onStep?.('Hashing parts')
    const parts = await hashParts(bundle.file, ranges, options)
    const index: Parts = {
      apiVersion: 'sealift.dev/v1',
      kind: 'BundleParts',
      index: bundle.indexDigest,
      size: bundle.size,
      parts,
    }
    const bytes = toJson(index)
    const writeIndex = async () => {
      await replaceFile(partsSignatureName(out), signMessage(bytes, options.signingKey, options.passphrase))
      await replaceFile(partsIndexName(out), bytes)
    }
    if (move) {
      // the index stands before the first cut, so that a run that is killed can go on
      await writeIndex()
      return resultOf(path, index, await cutUp(path, index, options))
    }
    // an index of an earlier set must not name the new parts
    await rm(partsIndexName(out), { force: true }).catch((cause) => {
      throw writeFailure(partsIndexName(out), cause)
    })
    const kept = await copyParts(bundle.file, index, out, options)
    await writeIndex()
    return resultOf(out, index, kept)
  } finally {
    await bundle.close()
  }
}

const resultOf = (path: string, { size, parts }: Parts, kept: number): SplitResult => ({
  path,
  size,
  parts: parts.map((part, i) => ({ path: partName(path, i + 1), ...part })),
  kept,
})

async function hashParts(
  file: PartedFile,
  ranges: readonly { offset: number; size: number }[],
  { signal, onProgress }: SplitOptions,
): Promise<Part[]> {
  const tasks = ranges.map(({ offset, size }, i) => ({ i, size, segments: file.segments(offset, size) }))
  const parts: Part[] = []
  let done = 0
  const onHash = ({ i, size }: { i: number; size: number }, hex: string) => {
    if (!hex) throw new SealiftError('BUNDLE_TRUNCATED', 'the bundle was cut while it was read')
    parts[i] = { size, digest: `sha256:${hex}` }
  }
  const onBytes = (bytes: number) => {
    done += bytes
    onProgress?.(done, file.size)
  }
  await hashPieces(tasks, onHash, { signal, onBytes })
  return parts
}

/** Copies parts that are not there yet. @returns bytes of those that are */
async function copyParts(file: PartedFile, index: Parts, out: string, options: SplitOptions): Promise<number> {
  options.onStep?.(`Writing ${index.parts.length} parts`)
  const missing: { path: string; part: Part; offset: number }[] = []
  let offset = 0
  for (const [i, part] of index.parts.entries()) {
    const path = partName(out, i + 1)
    if (!(await holds(path, part, options.signal))) missing.push({ path, part, offset })
    offset += part.size
  }
  let done = index.size - missing.reduce((sum, { part }) => sum + part.size, 0)
  const kept = done
  await assertRoom(out, index.size - kept - (await sizes(missing.map(({ path }) => path))))
  for (const { path, part, offset } of missing)
    await copyPart(file, offset, part, path, {
      signal: options.signal,
      onBytes: (bytes) => {
        done += bytes
        options.onProgress?.(done, index.size)
      },
    })
  return kept
}

/** Bytes that files to be replaced take now. */
async function sizes(paths: readonly string[]): Promise<number> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return found.reduce((sum, info) => sum + (info?.size ?? 0), 0)
}
