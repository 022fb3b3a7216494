import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type Parts, partName, partsIndexName } from '@sealift/bundle-spec/parts.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { readExactly } from '../read-exactly.ts'
import { beginBundle } from './entries.ts'
import { type PartFault, partFailure } from './part-faults.ts'
import { type OpenPart, partedFile } from './parted-file.ts'

/**
 * Whether each part that an index names is there, with its length.
 * @param opened each of them, or why it could not be opened
 * @throws SealiftError BUNDLE_PART_MISSING, BUNDLE_PART_SIZE; BUNDLE_PARTS where the index is of another bundle
 */
export async function checkPresence(
  bundle: string,
  index: Parts,
  opened: readonly PromiseSettledResult<OpenPart>[],
): Promise<void> {
  const expected = index.parts.map(({ size }, i) => ({ path: partName(bundle, i + 1), size }))
  const missing: PartFault[] = []
  const wrong: { path: string; size: number; has: number }[] = []
  for (const [i, { path, size }] of expected.entries()) {
    const one = opened[i] as PromiseSettledResult<OpenPart>
    if (one.status === 'rejected')
      missing.push({ path, what: 'is missing', why: (await elsewhere(path, size)) ?? (one.reason as SealiftError).why })
    else if (one.value.size !== size) wrong.push({ path, size, has: one.value.size })
  }
  if (missing.length + wrong.length === 0) return
  const [first] = opened
  if (
    first?.status === 'fulfilled' &&
    first.value.size === expected[0]?.size &&
    (await isOfAnother(first.value, index))
  )
    throw new SealiftError(
      'BUNDLE_PARTS',
      `${partsIndexName(bundle)} belongs to another bundle than ${first.value.path}`,
      {
        why: 'the index.json in that part has another digest than the parts index says',
        fix: 'carry the parts index, its signature and all parts of one bundle',
      },
    )
  if (missing.length > 0) throw partFailure('BUNDLE_PART_MISSING', missing)
  const faults = wrong.map(({ path, size, has }): PartFault => {
    const other = expected.find((one) => one.path !== path && one.size === has)
    const what = has < size ? `ends ${size - has} bytes early` : `is ${has - size} bytes too long`
    const mixed = other ? `, as ${basename(other.path)} has: parts may be mixed up` : ''
    return { path, what, why: `it has ${has} bytes${mixed}; the sender made ${size}` }
  })
  throw partFailure('BUNDLE_PART_SIZE', faults)
}

/** Whether a first part holds another index.json than a parts index was made for, as far as that part shows. */
async function isOfAnother(first: OpenPart, { index }: Parts): Promise<boolean> {
  const file = partedFile([first])
  try {
    const entry = (await beginBundle(file, first.path)).index
    const bytes = entry.size <= limits.document && (await readExactly(file, entry.offset, entry.size))
    return bytes ? digestOf(bytes) !== index : false
  } catch {
    return false
  }
}

/** Where a part may be that is missing: in a file beside it with its number and its length, under another name. */
async function elsewhere(path: string, size: number): Promise<string | undefined> {
  const directory = dirname(path)
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((one) => extname(one) === extname(path) && one !== basename(path)))
    if ((await stat(join(directory, name)).catch(() => undefined))?.size === size)
      return `${name} has its number and its length: it may have been renamed`
  return undefined
}
