import { SealiftError } from './error.ts'
import { limits } from './limits.ts'

/** What a graph may cost whoever reads it, and what it is said to have too many of. SPEC.md, "Limits" */
const kinds = {
  depth: [limits.graphDepth, 'levels'],
  nodes: [limits.graphNodes, 'distinct parts'],
  documents: [limits.graphDocuments, 'bytes of manifests and indexes'],
  values: [limits.graphValues, 'keys and values in its documents'],
  places: [limits.graphPlaces, 'entries, each counted for every name that reaches it'],
} as const

export interface Budget {
  /**
   * Counts before it costs.
   * @throws SealiftError BUNDLE_LIMIT
   */
  spend(kind: keyof typeof kinds, amount: number): void
  exceeded(kind: keyof typeof kinds): SealiftError
}

/** The budget of one graph; `origin` names where it is read from. */
export function graphBudget(origin: string): Budget {
  const spent = { depth: 0, nodes: 0, documents: 0, values: 0, places: 0 }
  const exceeded = (kind: keyof typeof kinds) => {
    const [limit, what] = kinds[kind]
    return new SealiftError('BUNDLE_LIMIT', `${origin}: the content is nested or split too much`, {
      why: `more than ${limit} ${what}`,
      fix: 'ask the vendor for a release in smaller pieces',
    })
  }
  return {
    exceeded,
    spend(kind, amount) {
      spent[kind] += amount
      if (spent[kind] > kinds[kind][0]) throw exceeded(kind)
    },
  }
}
