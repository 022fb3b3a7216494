import { basename } from 'node:path'
import { type ErrorCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import { bundleOfPart, partsIndexName } from '@sealift/bundle-spec/parts.ts'
import { hashPieces } from './hash-pool.ts'
import type { OpenPart, PartedFile } from './parted-file.ts'

/** What is wrong with the file of a part. */
export interface PartFault {
  path: string
  what: string
  why?: string | undefined
  /** whether it is another part of the same bundle */
  isMixed?: boolean
}

/** parts that one message names; more are counted */
const mostNamed = 6

/** One failure for all parts with a fault, so that they are carried again in one go. */
export function partFailure(code: ErrorCode, faults: readonly [PartFault, ...PartFault[]] | PartFault[]): SealiftError {
  const [first] = faults as [PartFault]
  const names = faults.slice(0, mostNamed).map(({ path }) => basename(path))
  const more = faults.length > names.length ? ` and ${faults.length - names.length} more` : ''
  const all = `${names.join(' ')}${more}`
  const message =
    faults.length === 1
      ? `${first.path} ${first.what}`
      : `${faults.length} parts have faults; ${first.path} ${first.what}`
  return new SealiftError(code, message, {
    why: [first.why, ...(faults.length > 1 ? [`all of them: ${all}`] : [])].filter(Boolean).join('; ') || undefined,
    fix: `carry ${all} over again; the other parts can stay`,
  })
}

/**
 * Says which parts a failure comes from: hashes all of them on all cores and compares them with the signed parts index.
 * A bundle in one file has no parts index, so there the failure stays as it is.
 * @returns what to throw: BUNDLE_PART_CONTENT where parts are not what they were, BUNDLE_PARTS where none is, the failure
 * itself otherwise
 */
export async function explained(
  failure: unknown,
  file: PartedFile,
  options: { signal?: AbortSignal | undefined; onProgress?: ((done: number, total: number) => void) | undefined } = {},
): Promise<unknown> {
  if (!(failure instanceof SealiftError && failure.code.startsWith('BUNDLE_'))) return failure
  // it names parts already
  if (/^BUNDLE_(PART_|UNREADABLE)/.test(failure.code)) return failure
  const expected = file.parts.filter((part) => part.digest !== undefined)
  if (expected.length === 0) return failure
  let done = 0
  const found = new Map<OpenPart, string>()
  const tasks = expected.map((part) => ({
    part,
    size: part.size,
    segments: [{ fd: part.handle.fd, offset: 0, size: part.size }],
  }))
  await hashPieces(tasks, ({ part }, hex) => found.set(part, `sha256:${hex}`), {
    signal: options.signal,
    onBytes: (bytes) => {
      done += bytes
      options.onProgress?.(done, file.size)
    },
  })
  const faults = expected.flatMap((part): PartFault[] => {
    const digest = found.get(part)
    if (digest === part.digest) return []
    const other = expected.find((candidate) => candidate.digest === digest)
    return [
      other
        ? {
            path: part.path,
            what: `holds what belongs in ${basename(other.path)}`,
            why: 'parts were mixed up',
            isMixed: true,
          }
        : {
            path: part.path,
            what: 'is not what the sender made',
            why: 'its SHA-256 is another one: it is damaged, or of another bundle',
          },
    ]
  })
  if (faults.length === 0) return failure
  // one fault that all parts have
  if (faults.length === expected.length && faults.length > 1 && !faults.some(({ isMixed }) => isMixed)) {
    const bundle = bundleOfPart((faults[0] as PartFault).path) as string
    return new SealiftError('BUNDLE_PARTS', `no part of ${bundle} is what its parts index says`, {
      why: 'the parts index is of another bundle, or all parts are damaged or of another one',
      fix: `carry ${basename(partsIndexName(bundle))}, its signature and all parts of one bundle`,
      cause: failure,
    })
  }
  return partFailure('BUNDLE_PART_CONTENT', faults)
}
