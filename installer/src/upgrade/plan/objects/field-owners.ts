import type { KubernetesObject } from '@kubernetes/client-node'
import { fieldPath, isRecord, itemKey, itemPath, own } from './field-path.ts'

/** Who set a field, as the API server keeps it (Kubernetes, "Server-Side Apply", managedFields). */
export interface Owner {
  manager: string
  subresource?: string
  /** RFC 3339 */
  at?: string
}

/** A field, or a whole entry of a list, with one of its owners. */
export interface OwnedField {
  owner: Owner
  path: string
  value: unknown
  /** an entry of a list: its fields follow it */
  isEntry: boolean
}

interface ManagedFields {
  manager?: unknown
  subresource?: unknown
  time?: unknown
  fieldsV1?: unknown
}

/** The fields of an object that each manager owns, with the values that they have. */
export function ownedFields(object: KubernetesObject): OwnedField[] {
  const all = (object.metadata?.managedFields ?? []) as ManagedFields[]
  return all.flatMap(({ manager, subresource, time, fieldsV1 }) => {
    const owner: Owner = {
      manager: String(manager ?? ''),
      ...(subresource ? { subresource: String(subresource) } : {}),
      ...(time ? { at: String(time) } : {}),
    }
    const found: OwnedField[] = []
    walk(fieldsV1, object, '', 0, (path, value, isEntry) => found.push({ owner, path, value, isEntry }))
    return found
  })
}

/** nesting of a field set: that of the objects that API servers take is far below */
const deepest = 100

type Visit = (path: string, value: unknown, isEntry: boolean) => void

/** Follows a field set (structured-merge-diff, fieldpath/serialize-pe.go) along the object that it is of. */
function walk(fields: unknown, value: unknown, path: string, depth: number, visit: Visit): void {
  if (!isRecord(fields) || depth > deepest) return
  for (const [element, below] of Object.entries(fields)) {
    const next = step(element, value, path)
    if (!next) continue
    const isLeaf = isRecord(below) && Object.keys(below).length === 0
    const isEntry = element.startsWith('k:') && own(below, '.') !== undefined
    if (isLeaf || isEntry) visit(next.path, next.value, isEntry)
    if (!isLeaf) walk(below, next.value, next.path, depth + 1, visit)
  }
}

function step(element: string, value: unknown, path: string): { path: string; value: unknown } | undefined {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return { path: fieldPath(path, rest), value: own(value, rest) }
  if (!Array.isArray(value)) return undefined
  if (element.startsWith('k:')) {
    const wanted = parsed(rest)
    const item = value.find((one) => isRecord(wanted) && hasFields(one, wanted))
    return item === undefined ? undefined : { path: itemPath(path, itemName(value, item)), value: item }
  }
  if (element.startsWith('v:')) return { path: itemPath(path, rest), value: parsed(rest) }
  if (element.startsWith('i:')) return { path: itemPath(path, rest), value: value[Number(rest)] }
  return undefined
}

/** Whether an entry of a list has these fields; a protocol that is not said is TCP (Kubernetes API, ContainerPort). */
export const hasFields = (item: unknown, wanted: Record<string, unknown>): boolean =>
  Object.entries(wanted).every(
    ([name, value]) =>
      own(item, name) === value || (name === 'protocol' && value === 'TCP' && own(item, name) === undefined),
  )

/** How an entry of a list is called in paths. */
export const itemName = (list: readonly unknown[], item: unknown): string =>
  itemKey(list)?.(item) ?? String(list.indexOf(item))

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
