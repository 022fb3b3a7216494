import type { KubernetesObject } from '@kubernetes/client-node'
import { fieldPath, isRecord, itemKey, itemPath, own } from './field-path.ts'
import { planLimits } from './limits.ts'

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

/** The fields of an object that each manager owns, with the values that they have; so many that it ends soon. */
export function ownedFields(object: KubernetesObject): OwnedField[] {
  const all = (object.metadata?.managedFields ?? []) as ManagedFields[]
  const found: OwnedField[] = []
  const room: Room = { entries: planLimits.entries }
  for (const { manager, subresource, time, fieldsV1 } of all) {
    const owner: Owner = {
      manager: String(manager ?? ''),
      ...(subresource ? { subresource: String(subresource) } : {}),
      ...(time ? { at: String(time) } : {}),
    }
    const visit = (path: string, value: unknown, isEntry: boolean) => found.push({ owner, path, value, isEntry })
    walk(
      fieldsV1,
      { value: object, path: '', depth: 0 },
      room,
      (...field) => found.length < planLimits.owned && visit(...field),
    )
  }
  return found
}

/** how many entries of lists may still be looked at */
interface Room {
  entries: number
}

interface At {
  value: unknown
  path: string
  depth: number
}

type Visit = (path: string, value: unknown, isEntry: boolean) => void

/** Follows a field set (structured-merge-diff, fieldpath/serialize-pe.go) along the object that it is of. */
function walk(fields: unknown, at: At, room: Room, visit: Visit): void {
  if (!isRecord(fields) || at.depth > planLimits.depth) return
  for (const [element, below] of Object.entries(fields)) {
    const next = step(element, at, room)
    if (!next) continue
    const isLeaf = isRecord(below) && Object.keys(below).length === 0
    const isEntry = element.startsWith('k:') && own(below, '.') !== undefined
    if (isLeaf || isEntry) visit(next.path, next.value, isEntry)
    if (!isLeaf) walk(below, next, room, visit)
  }
}

function step(element: string, { value, path, depth }: At, room: Room): At | undefined {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return { path: fieldPath(path, rest), value: own(value, rest), depth: depth + 1 }
  if (!Array.isArray(value)) return undefined
  if (element.startsWith('v:')) return { path: itemPath(path, rest), value: parsed(rest), depth: depth + 1 }
  const wanted = parsed(rest)
  room.entries -= 2 * value.length
  if (!element.startsWith('k:') || !isRecord(wanted) || room.entries < 0) return undefined
  const item = value.find((one) => hasFields(one, wanted))
  return item && { path: itemPath(path, itemName(value, item)), value: item, depth: depth + 1 }
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
