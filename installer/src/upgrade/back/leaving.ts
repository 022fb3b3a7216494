import { isDeepStrictEqual } from 'node:util'
import { readHelmRevisionsAfter } from '../../cluster/helm-history.ts'
import { dropRevisionsAfter } from '../../cluster/helm-record.ts'
import { foreignTo } from '../../cluster/ownership.ts'
import type { Reporter } from '../../install/events.ts'
import { makePlannedAnew } from '../compare.ts'
import { objectApi } from '../plan/objects/ask.ts'
import { manifestObjects } from '../plan/objects/chart-objects.ts'
import type { ObjectName, ObjectPlan } from '../plan/objects/object-plan.ts'
import { planObjects } from '../plan/objects/plan-objects.ts'
import { type BackContext, to } from './context.ts'

/** What both the upgrade and its way back know. */
type Known = Pick<BackContext, 'cluster' | 'helmRelease' | 'record' | 'note'>

/**
 * Notes which objects only revisions after the one of before have: whoever makes Helm forget those revisions does this
 * first, or nobody could take the objects away again. Returns what going back to `manifest` would do.
 * @throws SealiftError CLUSTER_*
 */
export async function noteLeaving(context: Known, manifest: string): Promise<ObjectPlan> {
  const { helmRelease: release, record, note } = context
  const cluster = context.cluster()
  const newer = (await readHelmRevisionsAfter(cluster, release, to(context).revision)).map((one) => one.manifest)
  const installed = { manifest: [manifest, ...newer].join('\n---\n') }
  const plan = await planObjects({ cluster, release, installed, rendered: manifest })
  const leaving = plan.objects.flatMap(({ action, apiVersion, kind, namespace, name }) =>
    action === 'remove' ? [{ apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name }] : [],
  )
  // those of an earlier run, whose revisions may have gone since
  const known = record().leaving ?? []
  const isKnown = (one: ObjectName) => known.some((other) => isDeepStrictEqual(one, other))
  await note({ leaving: [...known, ...leaving.filter((one) => !isKnown(one))] })
  return plan
}

/** Leaves Helm with the revision to go back to as its newest: what is in the cluster may be of any after it, and half. */
export async function leaveRevisions(context: BackContext, manifest: string, report: Reporter): Promise<void> {
  const plan = await noteLeaving(context, manifest)
  await makePlannedAnew(context, plan, manifestObjects(manifest), report)
  await dropRevisionsAfter(context.cluster(), context.helmRelease, to(context).revision)
}

/** Removes what the release of before has not; what somebody else has taken over since stays. */
export async function removeLeaving(context: BackContext, report: Reporter): Promise<void> {
  const { helmRelease: release, record } = context
  const api = objectApi(context.cluster())
  // what uses the others first
  for (const { apiVersion, kind, ...metadata } of (record().leaving ?? []).toReversed()) {
    const place = await api.place({ apiVersion, kind, metadata }, release.namespace)
    const live = place && (await api.read(place))
    if (!live || foreignTo(release, live)) continue
    await api.remove(place, live.metadata?.uid ?? '', 'Background')
    report.info(`removed: ${kind} ${metadata.name}`)
  }
}
