import { seeded } from '../random.ts'
import type { Kind } from './kind.ts'
import { ofBuilds } from './kinds-builds.ts'
import { ofBundles } from './kinds-bundles.ts'
import { ofDocuments } from './kinds-documents.ts'
import { type Case, type Good, noFiles } from './place.ts'

/** All kinds of input that come from outside, by name. */
export const kinds: Readonly<Record<string, Kind>> = { ...ofBundles, ...ofBuilds, ...ofDocuments }

/** A case of a kind, which seed and number repeat; once in a while one of its files is none. */
export function caseOf(kind: string, seed: number, number: number, good: Good): Case {
  const random = seeded(seed * 1_000_003 + number)
  const made = (kinds[kind] as Kind).make(random, good)
  if (random.below(60) > 0) return made
  return { ...made, files: { ...made.files, [random.of(Object.keys(made.files))]: random.of(noFiles) } }
}
