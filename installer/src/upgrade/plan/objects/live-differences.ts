import type { KubernetesObject } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../../../cluster/connection.ts'
import type { HelmRelease } from '../../../cluster/helm.ts'
import { isPathName, type ObjectApi, objectApi, type Place } from './ask.ts'
import { autoscaledIn } from './autoscaled.ts'
import { type Budget, newBudget } from './changes.ts'
import { identity, manifestObjects, marked, nameOf } from './chart-objects.ts'
import { driftOf } from './drift.ts'
import { own } from './field-path.ts'
import { leftoversIn, removal } from './leftovers.ts'
import { planLimits } from './limits.ts'
import { makeAnew } from './make-anew.ts'
import { immutableFields } from './make-anew-way.ts'
import type { Drift, ObjectName } from './object-plan.ts'
import { describeRefusal } from './status.ts'

/** An object of a manifest that is not in the cluster as the manifest has it. */
export interface LiveDifference extends ObjectName {
  missing?: true
  /** fields that have other values, with who set them */
  fields: Drift[]
  /** paths of containers, volumes, variables and labels that the manifest does not have */
  leftovers: string[]
  /** why the manifest cannot be applied to it as it is: a field that cannot be changed */
  refused?: string
  /** how many fields are left out */
  more?: number
}

interface Site {
  cluster: Cluster
  release: HelmRelease
  /** of a revision of the release */
  manifest: string
}

/**
 * What of a manifest the cluster does not have, or has otherwise: after a rollback, which need not be exact. What others added
 * and own, and replicas that an autoscaler sets, count as no difference.
 * @throws SealiftError CLUSTER_*, BUILD_RENDERED
 */
export async function liveDifferences({ cluster, release, manifest }: Site): Promise<LiveDifference[]> {
  const api = objectApi(cluster)
  const scaled = await autoscaledIn(cluster, release.namespace)
  const budget = newBudget()
  const objects = manifestObjects(manifest).filter(({ metadata }) => isPathName(metadata?.name))
  const all = await atOnce(planLimits.lanes, objects.slice(0, planLimits.objects), async (object) => {
    const place = await api.place(object, release.namespace)
    return place ? [await differenceOf({ api, release, scaled, budget }, object, place)] : []
  })
  return all
    .flat()
    .filter(({ missing, fields, leftovers, refused }) => missing || refused || fields.length + leftovers.length > 0)
}

interface Context {
  api: ObjectApi
  release: HelmRelease
  scaled: ReadonlySet<string>
  budget: Budget
}

async function differenceOf(
  { api, release, scaled, budget }: Context,
  object: KubernetesObject,
  place: Place,
): Promise<LiveDifference> {
  const { namespace } = place
  const base = { ...nameOf(object), ...(namespace === undefined ? {} : { namespace }), fields: [], leftovers: [] }
  const live = await api.read(place)
  if (!live || live.metadata?.deletionTimestamp !== undefined) return { ...base, missing: true }
  const tried = await api.tryApply(place, marked(object, release, namespace !== undefined), true)
  if ('refused' in tried) return { ...base, refused: describeRefusal(tried.refused) }
  if (staysHeadless(live, object)) return { ...base, refused: 'spec.clusterIP: it stays without an address' }
  const isScaled = scaled.has(`${base.kind}/${base.name}`)
  const { changed, more } = driftOf(live, tried.kept, { isScaled, budget })
  const leftovers = leftoversIn(tried.kept, marked(object, release, namespace !== undefined))
  return {
    ...base,
    fields: changed,
    leftovers: leftovers.map(({ path }) => path).slice(0, planLimits.perObject),
    ...(more > 0 ? { more } : {}),
  }
}

/** API servers keep a Service's address where none is said, and also that it has none. */
const staysHeadless = (live: KubernetesObject, { kind, spec }: KubernetesObject & { spec?: unknown }): boolean =>
  kind === 'Service' && own(own(live, 'spec'), 'clusterIP') === 'None' && own(spec, 'clusterIP') !== 'None'

/** What became of an object that was brought back to its manifest. */
export interface Repaired extends ObjectName {
  /** why it is not as its manifest has it */
  failed?: string
}

/**
 * Brings exactly these objects back to their manifest: by server-side apply as Helm does, by force; what is left over is taken
 * away, and what cannot be changed is made anew. One that fails is told, and the others go on.
 */
export async function repair(
  { cluster, release, manifest }: Site,
  differences: readonly LiveDifference[],
): Promise<Repaired[]> {
  const api = objectApi(cluster)
  const wanted = new Set(
    differences.map(({ apiVersion, kind, ...metadata }) => identity({ apiVersion, kind, metadata }, release)),
  )
  const objects = manifestObjects(manifest).filter((object) => wanted.has(identity(object, release)))
  const repaired: Repaired[] = []
  // in the manifest's own order, in which Helm makes them too
  for (const object of objects) {
    const place = await api.place(object, release.namespace)
    if (!place) continue
    const name = { ...nameOf(object), ...(place.namespace === undefined ? {} : { namespace: place.namespace }) }
    try {
      await repairOne(cluster, release, object, place)
      repaired.push(name)
    } catch (error) {
      cluster.signal.throwIfAborted()
      if (!(error instanceof SealiftError)) throw error
      repaired.push({ ...name, failed: [error.message, error.why].filter(Boolean).join(': ') })
    }
  }
  return repaired
}

async function repairOne(
  cluster: Cluster,
  release: HelmRelease,
  object: KubernetesObject,
  place: Place,
): Promise<void> {
  const api = objectApi(cluster)
  const body = marked(object, release, place.namespace !== undefined)
  const live = await api.settled(place)
  const tried = await api.tryApply(place, body, true)
  const isImmutable = 'refused' in tried && immutableFields(tried.refused, []) !== undefined
  if (isImmutable || (live && staysHeadless(live, object))) await makeAnew(cluster, release, [object])
  const leftovers = leftoversIn(await api.apply(place, body), body)
  if (leftovers.length > 0) await api.patch(place, removal(leftovers))
}
