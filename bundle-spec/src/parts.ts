import Type from 'typebox'
import Value from 'typebox/value'
import { SealiftError } from './error.ts'
import { parseJson } from './json.ts'

/** One part of a bundle: a file with so many of its bytes. */
export const Part = Type.Object(
  {
    size: Type.Integer({ minimum: 1, description: 'bytes' }),
    digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$', description: 'of the bytes of the part' }),
  },
  { additionalProperties: false },
)

/** A part's name ends in three digits. */
export const mostParts = 999

/** The parts index: which parts a bundle was cut into. SPEC.md, "Parts". */
export const Parts = Type.Object(
  {
    apiVersion: Type.Literal('sealift.dev/v1'),
    kind: Type.Literal('BundleParts'),
    index: Type.String({ pattern: '^sha256:[0-9a-f]{64}$', description: 'of index.json of the bundle' }),
    size: Type.Integer({ minimum: 1, description: 'bytes of the bundle' }),
    parts: Type.Array(Part, { minItems: 1, maxItems: mostParts }),
  },
  { additionalProperties: false },
)

export type Part = Type.Static<typeof Part>
export type Parts = Type.Static<typeof Parts>

/** The file of a part, counted from 1: `cde.bundle.001`. */
export const partName = (bundle: string, number: number): string => `${bundle}.${String(number).padStart(3, '0')}`
/** The file of the parts index. */
export const partsIndexName = (bundle: string): string => `${bundle}.parts.json`
/** The file of its signature, in the same format as the one of index.json. */
export const partsSignatureName = (bundle: string): string => `${partsIndexName(bundle)}.sigstore.json`

const ofParts = /\.(?:[0-9]{3}|parts\.json)$/
/** The name of the bundle that a file with a part or with a parts index belongs to; undefined for any other name. */
export const bundleOfPart = (path: string): string | undefined =>
  ofParts.test(path) ? path.replace(ofParts, '') : undefined

/**
 * Cuts `size` bytes into parts of `partSize`; the last one is what is left.
 * @throws SealiftError USAGE_PART_SIZE where that makes more parts than names can count
 */
export function cut(size: number, partSize: number): { offset: number; size: number }[] {
  const count = Math.ceil(size / partSize)
  if (!(count <= mostParts))
    throw new SealiftError('USAGE_PART_SIZE', `a bundle of ${size} bytes has too many parts of ${partSize} bytes`, {
      why: `the limit is ${mostParts} parts`,
      fix: `--part-size ${Math.ceil(size / mostParts)} or more`,
    })
  return Array.from({ length: count }, (_, i) => ({
    offset: i * partSize,
    size: Math.min(partSize, size - i * partSize),
  }))
}

/**
 * Reads a parts index whose signature held.
 * @throws SealiftError BUNDLE_PARTS
 */
export function readParts(bytes: Uint8Array, where: string): Parts {
  const parts = parseJson(bytes, where)
  const bad = (why: string) => new SealiftError('BUNDLE_PARTS', `${where} is not a parts index`, { why })
  if (!Value.Check(Parts, parts)) {
    const [first] = Value.Errors(Parts, parts)
    throw bad(`${first?.instancePath || 'it'} ${first?.message ?? 'does not fit'}`)
  }
  const sum = parts.parts.reduce((total, { size }) => total + size, 0)
  if (sum !== parts.size) throw bad(`its parts have ${sum} bytes together, it says ${parts.size}`)
  return parts
}
