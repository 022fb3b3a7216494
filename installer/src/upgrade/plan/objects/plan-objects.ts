import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '@kubernetes/client-node'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../../../cluster/connection.ts'
import type { HelmRelease, HelmStatus } from '../../../cluster/helm.ts'
import { foreignTo } from '../../../cluster/ownership.ts'
import { isPathName, type ObjectApi, objectApi, type Place, type Tried } from './ask.ts'
import { autoscaledIn } from './autoscaled.ts'
import { affordable, type Budget, Changes, newBudget } from './changes.ts'
import { chartObjects, hookEvents, identity, isKept, manifestObjects, marked, nameOf } from './chart-objects.ts'
import { conflictsIn } from './conflicts.ts'
import { differences } from './differences.ts'
import { driftOf } from './drift.ts'
import { own } from './field-path.ts'
import { planLimits } from './limits.ts'
import { anewWay, describeAnew, immutableFields } from './make-anew-way.ts'
import type { Action, Drift, ObjectName, ObjectPlan, PlannedObject } from './object-plan.ts'
import { describeRefusal, type Refusal } from './status.ts'

export interface ObjectsToPlan {
  cluster: Cluster
  release: HelmRelease
  /** what is installed, by its own manifest */
  installed: Pick<HelmStatus, 'manifest'>
  /**
   * the new chart, as `helm template --include-crds --is-upgrade` writes it. It has to see the cluster
   * (`--dry-run=server`) where the chart looks up what is there: else secrets that it keeps look as if they changed.
   */
  rendered: string
}

/**
 * What an upgrade does to the objects of a cluster, found by applying each of them without keeping it. Changes nothing.
 * @throws SealiftError CLUSTER_*, BUILD_RENDERED
 */
export async function planObjects({ cluster, release, installed, rendered }: ObjectsToPlan): Promise<ObjectPlan> {
  const chart = chartObjects(rendered)
  const before = new Map(manifestObjects(installed.manifest).map((object) => [identity(object, release), object]))
  const isNew = new Set(chart.objects.map((object) => identity(object, release)))
  const wanted: Wanted[] = [
    ...chart.crds.map((after) => ({ after, isCrd: true })),
    ...chart.objects.map((after) => ({ before: before.get(identity(after, release)), after })),
    ...[...before].flatMap(([id, object]) => (isNew.has(id) ? [] : [{ before: object }])),
  ]
  const context: Context = {
    api: objectApi(cluster),
    release,
    scaled: await autoscaledIn(cluster, release.namespace),
    defines: new Set([...chart.crds, ...chart.objects].flatMap(definedKind)),
    budget: newBudget(),
  }
  const planned = await atOnce(planLimits.lanes, wanted.slice(0, planLimits.objects), (one) => planOne(context, one))
  const counts: Record<Action, number> = { add: 0, change: 0, anew: 0, remove: 0, keep: 0, none: 0, blocked: 0 }
  for (const { action } of planned) counts[action]++
  return {
    objects: planned.filter(saysSomething),
    hooks: chart.hooks.flatMap((hook) => {
      const events = hookEvents(hook).filter((event) => /^(pre|post)-upgrade$/.test(event))
      return events.length === 0 ? [] : [{ ...nameOf(hook), events }]
    }),
    counts,
    left: Math.max(0, wanted.length - planLimits.objects),
  }
}

const saysSomething = ({ action, conflicts, drift, remarks, deleted }: PlannedObject): boolean =>
  action !== 'none' || conflicts.length + drift.length + remarks.length > 0 || deleted === true

interface Context {
  api: ObjectApi
  release: HelmRelease
  scaled: ReadonlySet<string>
  /** kinds that the chart's own definitions bring, as `example.com/Widget` */
  defines: ReadonlySet<string>
  budget: Budget
}

/** An object by the installed manifest and by the new one. */
interface Wanted {
  before?: KubernetesObject | undefined
  after?: KubernetesObject
  isCrd?: boolean
}

async function planOne(context: Context, wanted: Wanted): Promise<PlannedObject> {
  const object = (wanted.after ?? wanted.before) as KubernetesObject
  const planned = newPlanned(nameOf(object))
  try {
    if (!isPathName(object.metadata?.name)) return blocked(planned, 'its name is none that Kubernetes takes')
    const place = await context.api.place(object, context.release.namespace)
    if (!place) return ofUnknownKind(context, wanted, planned)
    if (place.namespace !== undefined) planned.namespace = place.namespace
    return await planAt(context, wanted, place, planned)
  } catch (error) {
    if (!(error instanceof SealiftError) || error.code !== 'CLUSTER_FORBIDDEN') throw error
    return blocked(planned, error.message)
  }
}

async function planAt(context: Context, wanted: Wanted, place: Place, planned: PlannedObject): Promise<PlannedObject> {
  const { api, release, budget } = context
  const { before, after, isCrd } = wanted
  const live = await api.read(place)
  const sent = (object: KubernetesObject) => (isCrd ? object : marked(object, release, place.namespace !== undefined))
  if (before && !live) planned.deleted = true

  let tried: Tried | undefined
  if (after) {
    const owner = live && !isCrd && !before ? foreignTo(release, live)?.owner : undefined
    if (owner !== undefined) return blocked(planned, `it is there already, and of ${owner}`)
    tried = await api.tryApply(place, sent(after), false)
    if ('refused' in tried && tried.refused.code === 409 && live) {
      const { causes } = tried.refused
      tried = await api.tryApply(place, sent(after), true)
      const { kept, more } = affordable(conflictsIn(causes, live, 'kept' in tried ? tried.kept : after), budget)
      planned.conflicts = kept
      count(planned, more)
    }
    judge(planned, wanted, live, tried, budget)
    if (isCrd && planned.action !== 'none')
      planned.remarks.push('Helm never looks at crds/ again: it is applied before the chart')
  } else planned.action = live ? (isKept(live) ? 'keep' : 'remove') : 'none'

  if (before && live) {
    const isSame = tried && after && isDeepStrictEqual(before, after)
    const { drift, more } = await driftSince(context, before, { place, live }, isSame ? tried : undefined)
    planned.drift = drift
    count(planned, more)
  }
  return planned
}

/** What was changed since an object was installed by its manifest `before`; `known` is the trial of that, where it was made. */
async function driftSince(
  { api, release, scaled, budget }: Context,
  before: KubernetesObject,
  now: { place: Place; live: KubernetesObject },
  known?: Tried,
): Promise<{ drift: Drift[]; more: number }> {
  const none = { drift: [], more: 0 }
  // an older version of its kind has fields of its own
  const isSameVersion = before.apiVersion === now.place.kind.apiVersion
  const place = isSameVersion ? now.place : await api.place(before, release.namespace)
  if (!place) return none
  const live = isSameVersion ? now.live : await api.read(place)
  const restored = known ?? (await api.tryApply(place, marked(before, release, place.namespace !== undefined), true))
  if (!live || 'refused' in restored) return none
  const isScaled = scaled.has(`${place.kind.kind}/${place.name}`)
  const { changed, added, more } = driftOf(live, restored.kept, { isScaled, budget })
  return { drift: [...changed, ...added], more }
}

/** Works out what the answer to a trial means for an object. */
function judge(
  planned: PlannedObject,
  { before, after = {} }: Wanted,
  live: KubernetesObject | undefined,
  tried: Tried,
  budget: Budget,
): void {
  const changes = new Changes(budget)
  // what the server did not work out, the two manifests tell
  if ('refused' in tried) differences(before ?? after, after, changes)
  else if (live) differences(live, tried.kept, changes)
  planned.changes = changes.kept
  count(planned, changes.more)
  if ('refused' in tried) judgeRefusal(planned, after, live, tried.refused)
  else planned.action = !live ? 'add' : changes.kept.length + changes.more > 0 ? 'change' : 'none'
}

function judgeRefusal(
  planned: PlannedObject,
  after: KubernetesObject,
  live: KubernetesObject | undefined,
  refused: Refusal,
): void {
  if (/does not support dry.?run/i.test(refused.message)) {
    planned.action = live ? 'change' : 'add'
    planned.remarks.push(`it could not be tried: ${describeRefusal(refused)}`)
    return
  }
  const fields = live && immutableFields(refused, planned.changes)
  const way = fields && anewWay(after, live)
  if (fields && way) {
    planned.action = 'anew'
    planned.immutable = fields
    planned.remarks.push(...describeAnew(way, planned.kind))
  } else blocked(planned, reason(refused, fields))
}

const reason = (refused: Refusal, fields: readonly string[] | undefined): string =>
  `the cluster refuses it: ${describeRefusal(refused)}${fields ? '; making it anew would lose what it holds' : ''}`

function ofUnknownKind({ defines, release }: Context, { after }: Wanted, planned: PlannedObject): PlannedObject {
  const { apiVersion, kind } = planned
  // as most are; nobody can tell
  planned.namespace ??= release.namespace
  if (after && defines.has(`${apiVersion.split('/')[0]}/${kind}`)) {
    planned.remarks.push('its kind comes with this chart')
    return Object.assign(planned, { action: 'add' })
  }
  return blocked(
    planned,
    after
      ? `the cluster has no kind ${kind} of ${apiVersion}`
      : `the cluster no longer has the kind ${kind} of ${apiVersion}, and Helm cannot read the installed release without it`,
  )
}

/** The kind that a CustomResourceDefinition defines. */
function definedKind(object: KubernetesObject): string[] {
  const spec = own(object, 'spec')
  return object.kind === 'CustomResourceDefinition' ? [`${own(spec, 'group')}/${own(own(spec, 'names'), 'kind')}`] : []
}

const newPlanned = (name: ObjectName): PlannedObject => ({
  ...name,
  action: 'none',
  remarks: [],
  immutable: [],
  changes: [],
  conflicts: [],
  drift: [],
})

function blocked(planned: PlannedObject, why: string): PlannedObject {
  planned.action = 'blocked'
  planned.remarks.push(why)
  return planned
}

function count(planned: PlannedObject, more: number): void {
  if (more > 0) planned.more = (planned.more ?? 0) + more
}
