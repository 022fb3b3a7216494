import { cannotChange } from '../../../cluster/dry-run.ts'
import { planLimits } from './limits.ts'
import type { Change } from './object-plan.ts'
import type { Cause, Refusal } from './status.ts'

/**
 * How an object gets what cannot be changed. `around-pods`: deleted without its pods and made anew around them. `with-pods`:
 * deleted with its pods, and Helm makes it. `replace`: deleted and made at once.
 */
export type AnewWay = 'around-pods' | 'with-pods' | 'replace'

/** By kind. What is not here is never deleted: with a claim its data would go, with a definition all objects of its kind. */
const ways: Record<string, AnewWay> = {
  'apps/Deployment': 'around-pods',
  'apps/StatefulSet': 'around-pods',
  'apps/DaemonSet': 'around-pods',
  'apps/ReplicaSet': 'around-pods',
  'batch/Job': 'with-pods',
  '/Pod': 'with-pods',
  '/Service': 'replace',
  '/ConfigMap': 'replace',
  '/Secret': 'replace',
  'networking.k8s.io/IngressClass': 'replace',
  'node.k8s.io/RuntimeClass': 'replace',
  'rbac.authorization.k8s.io/ClusterRoleBinding': 'replace',
  'rbac.authorization.k8s.io/RoleBinding': 'replace',
  'scheduling.k8s.io/PriorityClass': 'replace',
  'storage.k8s.io/CSIDriver': 'replace',
  'storage.k8s.io/StorageClass': 'replace',
}

interface Workload {
  apiVersion?: string
  kind?: string
  spec?: { selector?: { matchLabels?: Record<string, string>; matchExpressions?: unknown[] }; template?: Template }
}
interface Template {
  metadata?: { labels?: Record<string, string> }
}

/**
 * How an object may be made anew; undefined where it may not. A workload whose new selector does not find the pods that run
 * would leave them behind: then they go with it.
 */
export function anewWay(object: object, live: object): AnewWay | undefined {
  const { apiVersion = '', kind = '', spec } = object as Workload
  const way = ways[`${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`]
  if (way !== 'around-pods') return way
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {}
  const labels = (live as Workload).spec?.template?.metadata?.labels ?? {}
  const finds = Object.entries(matchLabels).every(([name, value]) => labels[name] === value)
  return finds && matchExpressions.length === 0 ? way : 'with-pods'
}

/** What making anew means to people. */
export function describeAnew(way: AnewWay, kind: string): string[] {
  if (kind === 'Service')
    return ['deleted and made anew: it does not answer for a moment, and its addresses may be other ones']
  if (way === 'replace') return ['deleted and made anew']
  if (way === 'with-pods') return ['deleted with its pods and made anew: it is away until the new ones run']
  const claims =
    kind === 'StatefulSet' ? ['volumes that are there stay as they are; only new ones follow the change'] : []
  return ['deleted without its pods (--cascade=orphan) and made anew around them', ...claims]
}

/**
 * The fields that a refusal is about, where all of it is that they cannot be changed; undefined where something else is wrong.
 * `changes` are those that were wanted: where an API server only says which fields may change, they tell which others did.
 */
export function immutableFields({ code, causes }: Refusal, changes: readonly Change[]): string[] | undefined {
  if (code !== 422 || causes.length === 0 || !causes.every(({ message }) => cannotChange.test(message)))
    return undefined
  return [...new Set(causes.flatMap((cause) => precise(cause, changes)))].slice(0, planLimits.perObject)
}

function precise({ field, message }: Cause, changes: readonly Change[]): string[] {
  const allowed = [...(/for fields other than (.*)/.exec(message)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
    ([, name]) => name,
  )
  if (allowed.length === 0) return [field]
  const within = changes.flatMap(({ path }) => (path.startsWith(`${field}.`) ? [path.slice(field.length + 1)] : []))
  const names = within.flatMap((path) => /^\w+/.exec(path)?.[0] ?? []).filter((name) => !allowed.includes(name))
  return names.length === 0 ? [field] : names.map((name) => `${field}.${name}`)
}
