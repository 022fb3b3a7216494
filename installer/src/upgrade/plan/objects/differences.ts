import type { Changes } from './changes.ts'
import { fieldPath, isRecord, itemKey, itemPath, own } from './field-path.ts'
import { planLimits } from './limits.ts'
import { isSecretField, shownValue } from './shown-value.ts'

/** Fields that servers and controllers set, and what kubectl notes for itself: nobody changes them by a chart. */
const serversOwn = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink']
const noted = ['kubectl.kubernetes.io/last-applied-configuration', 'deployment.kubernetes.io/revision']

/** An object without what servers set, for a comparison. */
export function comparable(object: object): Record<string, unknown> {
  const { status: _, stringData, ...rest } = object as Record<string, unknown>
  const metadata = without(rest.metadata, serversOwn)
  const annotations = without(metadata.annotations, noted)
  // a Secret's stringData is written into its data, and read by nobody
  const data = stringData === undefined ? {} : { data: { ...encoded(stringData), ...(rest.data as object) } }
  return { ...rest, ...data, metadata: { ...metadata, annotations } }
}

const without = (value: unknown, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(isRecord(value) ? value : {}).filter(([name]) => !names.includes(name)))

const encoded = (values: unknown): object =>
  Object.fromEntries(
    Object.entries(isRecord(values) ? values : {}).map(([k, v]) => [k, Buffer.from(String(v)).toString('base64')]),
  )

/**
 * Tells field by field what differs between two objects of one kind. Entries of lists are compared by their key; empty and
 * missing are the same. No value of a Secret is told.
 */
export function differences(before: object, after: object, changes: Changes): void {
  const isSecret = own(after, 'kind') === 'Secret'
  compare(
    { before: comparable(before), after: comparable(after), path: '', depth: 0, isSecret, isHidden: false },
    changes,
  )
}

interface Pair {
  before: unknown
  after: unknown
  path: string
  depth: number
  isSecret: boolean
  isHidden: boolean
}

function compare(pair: Pair, changes: Changes): void {
  const { before, after, path, depth, isHidden } = pair
  const canDescend = depth < planLimits.depth
  if (isEmpty(before) && isEmpty(after)) return
  if (canDescend && isRecord(before) && isRecord(after)) compareFields(pair, before, after, changes)
  else if (canDescend && Array.isArray(before) && Array.isArray(after)) compareLists(pair, before, after, changes)
  // so that each value of a secret is told apart, even where all of them come or go
  else if (canDescend && isHidden && (isRecord(before) || isRecord(after)))
    compareFields(pair, isRecord(before) ? before : {}, isRecord(after) ? after : {}, changes)
  else if (isSame(before, after)) return
  else if (isHidden) changes.add({ path, hidden: true })
  else if (typeof before === 'string' && typeof after === 'string' && `${before}${after}`.includes('\n'))
    compareTexts(path, before, after, changes)
  else changes.add({ path, ...shown('from', before), ...shown('to', after) })
}

const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)

const shown = (as: 'from' | 'to', value: unknown) =>
  value === undefined || value === null ? {} : { [as]: shownValue(value) }

function compareFields(
  { path, depth, isSecret, isHidden }: Pair,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  changes: Changes,
): void {
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const values = { before: own(before, name), after: own(after, name) }
    const isNamed = isSecretField(name, values.before, before) || isSecretField(name, values.after, after)
    const hides = isHidden || isNamed || (isSecret && depth === 0 && name === 'data')
    compare({ ...values, path: fieldPath(path, name), depth: depth + 1, isSecret, isHidden: hides }, changes)
  }
}

function compareLists(pair: Pair, before: unknown[], after: unknown[], changes: Changes): void {
  const key = itemKey(before, after)
  if (key) compareByKey(pair, key, before, after, changes)
  else compareByPlace(pair, before, after, changes)
}

function compareByKey(
  pair: Pair,
  key: (item: unknown) => string,
  before: unknown[],
  after: unknown[],
  changes: Changes,
): void {
  const { path, depth } = pair
  const was = new Map(before.map((item) => [key(item), item]))
  const is = new Map(after.map((item) => [key(item), item]))
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const values = { before: was.get(name), after: is.get(name) }
    compare({ ...pair, ...values, path: itemPath(path, name), depth: depth + 1 }, changes)
  }
  const order = (list: Iterable<string>, other: Map<string, unknown>) =>
    [...list].filter((name) => other.has(name)).join(', ')
  const [from, to] = [order(was.keys(), is), order(is.keys(), was)]
  if (from !== to) changes.add({ path: `${path} (order)`, ...shown('from', from), ...shown('to', to) })
}

function compareByPlace(pair: Pair, before: unknown[], after: unknown[], changes: Changes): void {
  const { start, from, to } = middle(before, after)
  const isPlain = [...from, ...to].every((item) => !isRecord(item) && !Array.isArray(item))
  const at = (place: number) => ({ path: itemPath(pair.path, String(place)), depth: pair.depth + 1 })
  if (isPlain && from.length !== to.length) {
    // as one value: what moved up or down is no change of its own
    const list = (items: unknown[]) => (items.length > 1 ? items : items[0])
    compare({ ...pair, before: list(from), after: list(to), ...at(start), depth: planLimits.depth }, changes)
  } else
    for (let i = 0; i < Math.max(from.length, to.length); i++)
      compare({ ...pair, before: from[i], after: to[i], ...at(start + i) }, changes)
}

/** Texts of several lines: from the first line that differs to the last. */
function compareTexts(path: string, before: string, after: string, changes: Changes): void {
  const { start, from, to } = middle(before.split('\n'), after.split('\n'))
  const text = (lines: string[]) => (lines.length === 0 ? undefined : lines.join('\n'))
  changes.add({ path: `${path} line ${start + 1}`, ...shown('from', text(from)), ...shown('to', text(to)) })
}

/** What is left of two lists without what they begin and end with in common. */
function middle<T>(before: readonly T[], after: readonly T[]): { start: number; from: T[]; to: T[] } {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && isSame(before[start], after[start])) start++
  let end = 0
  while (end < shorter - start && isSame(before.at(-1 - end), after.at(-1 - end))) end++
  return { start, from: before.slice(start, before.length - end), to: after.slice(start, after.length - end) }
}
