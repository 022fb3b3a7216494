import type { KubernetesObject } from '@kubernetes/client-node'
import { nobodyElse } from './ask.ts'
import { ownedFields } from './field-owners.ts'
import { fieldPath, isRecord, itemKey, itemPath, own } from './field-path.ts'

/** Something in an object that its manifest does not have and that nobody else put there. */
export interface Leftover {
  path: string
  /** JSON Pointer (RFC 6901) */
  pointer: string
  value: unknown
}

/** lists of a pod template into which API servers fill in no entries of their own */
const lists = [
  'containers',
  'initContainers',
  'volumes',
  'volumeMounts',
  'volumeDevices',
  'env',
  'ports',
  'imagePullSecrets',
]

/** labels that Kubernetes itself gives */
const servers = /^((?!app\.)(\w+\.)*kubernetes\.io\/|controller-uid$|job-name$)/

/**
 * Containers, volumes, variables and labels that an object has and its manifest has not, and that no other manager owns:
 * what a rollback leaves that did not know of them (helm #13346). Server-side apply takes away what Helm itself owns; what
 * nobody owns, as after managedFields were cleared, it keeps.
 */
export function leftoversIn(live: KubernetesObject, manifest: KubernetesObject): Leftover[] {
  const others = ownedFields(live).flatMap(({ owner, path }) => (nobodyElse.has(owner.manager) ? [] : [path]))
  const found: Leftover[] = []
  const labels = (path: string, pointer: string, of: unknown, wanted: unknown) => {
    for (const [name, value] of Object.entries(isRecord(of) ? of : {}))
      if (own(wanted, name) === undefined && !servers.test(name))
        found.push({ path: fieldPath(path, name), pointer: `${pointer}/${escaped(name)}`, value })
  }
  const within = (path: string, pointer: string, has: unknown, wanted: unknown, isTemplate: boolean) => {
    if (!isRecord(has)) return
    for (const [name, value] of Object.entries(has)) {
      const at = [fieldPath(path, name), `${pointer}/${escaped(name)}`] as const
      const same = own(wanted, name)
      if (isTemplate && lists.includes(name) && Array.isArray(value)) entries(...at, value, same)
      else if (isTemplate && name === 'metadata')
        labels(`${at[0]}.labels`, `${at[1]}/labels`, own(value, 'labels'), own(same, 'labels'))
      else within(...at, value, same, isTemplate || name === 'template')
    }
  }
  const entries = (path: string, pointer: string, has: unknown[], wanted: unknown) => {
    const known = Array.isArray(wanted) ? wanted : []
    const key = itemKey(has, known)
    if (!key) return
    const byKey = new Map(known.map((one) => [key(one), one]))
    for (const [i, value] of has.entries()) {
      const next = [itemPath(path, key(value)), `${pointer}/${i}`, value] as const
      const same = byKey.get(key(value))
      if (same === undefined) found.push({ path: next[0], pointer: next[1], value })
      else within(...next, same, true)
    }
  }
  labels('metadata.labels', '/metadata/labels', live.metadata?.labels, manifest.metadata?.labels)
  within('spec', '/spec', own(live, 'spec'), own(manifest, 'spec'), false)
  return found.filter(({ path }) => !others.some((other) => other.startsWith(path)))
}

/** Takes leftovers away, the last of a list first, each only while it is what was found (RFC 6902, test). */
export const removal = (leftovers: readonly Leftover[]): object[] =>
  [...leftovers].reverse().flatMap(({ pointer, value }) => [
    { op: 'test', path: pointer, value },
    { op: 'remove', path: pointer },
  ])

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
