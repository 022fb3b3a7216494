import type { KubernetesObject } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { helmTemplate } from '../cluster/helm.ts'
import type { InstallContext } from '../install/context.ts'
import type { Reporter } from '../install/events.ts'
import type { StepContext } from './context.ts'
import { applyCrds } from './plan/objects/apply-crds.ts'
import { chartObjects, identity } from './plan/objects/chart-objects.ts'
import { makeAnew } from './plan/objects/make-anew.ts'
import type { ObjectPlan } from './plan/objects/object-plan.ts'
import { planObjects } from './plan/objects/plan-objects.ts'

type Context = Pick<InstallContext, 'answers' | 'chart' | 'cluster' | 'helm' | 'helmRelease' | 'signal' | 'values'>

/**
 * What a release would do to the objects of the cluster. Where the database `moves` to another major version, the chart is told
 * so: it would refuse, since the volume that it wants comes later.
 */
export async function compareObjects(
  context: Context,
  manifest: string,
  moves: boolean,
): Promise<{ rendered: string; plan: ObjectPlan }> {
  const { answers, helmRelease, signal } = context
  const values = context.values()
  const postgres = { ...(values.postgres as object | undefined), isPlan: true }
  const rendered = await helmTemplate(
    await context.helm(),
    helmRelease,
    { chart: await context.chart(), values: moves ? { ...values, postgres } : values },
    { signal, isUpgrade: true, address: answers },
  )
  const cluster = context.cluster()
  return { rendered, plan: await planObjects({ cluster, release: helmRelease, installed: { manifest }, rendered }) }
}

/** fields that an error names */
const shown = 6

/**
 * Refuses what Helm would stop at.
 * @throws SealiftError UPGRADE_CONFLICT with managers and fields, UPGRADE_BLOCKED
 */
export function assertPasses({ objects }: ObjectPlan, takeOver: boolean): void {
  const blocked = objects.filter(({ action }) => action === 'blocked')
  const [first] = blocked
  if (first)
    throw new SealiftError(
      'UPGRADE_BLOCKED',
      `${blocked.map(({ kind, name }) => `${kind} ${name}`).join(', ')} cannot be upgraded`,
      {
        why: blocked
          .flatMap(({ remarks }) => remarks)
          .slice(0, shown)
          .join('; '),
        fix: `see it: kubectl get ${first.kind} ${first.name} --output yaml --show-managed-fields`,
      },
    )
  const conflicts = objects.flatMap(({ kind, name, conflicts }) =>
    conflicts.map(({ path, manager, is, wants }) => {
      const values =
        is === undefined && wants === undefined ? '' : ` (${is ?? 'nothing'}, the release has ${wants ?? 'nothing'})`
      return `${kind} ${name}: ${path} is set by ${manager}${values}`
    }),
  )
  if (takeOver || conflicts.length === 0) return
  const more = conflicts.length > shown ? [`and ${conflicts.length - shown} more`] : []
  throw new SealiftError('UPGRADE_CONFLICT', 'fields that the release sets were changed by somebody else', {
    why: [...conflicts.slice(0, shown), ...more].join('\n'),
    fix: 'to keep such a change, put it into the answer values; to give it up: sealift upgrade … --take-over',
  })
}

/** Does what Helm does not, from the release of `manifest` on: definitions of kinds, and objects of which a field cannot be changed. */
export async function makeWay(context: StepContext, manifest: string, report: Reporter): Promise<void> {
  const { rendered, plan } = await compareObjects(context, manifest, false)
  for (const { kind, name } of await applyCrds(context.cluster(), context.helmRelease, rendered))
    report.info(`${kind} ${name}`)
  await makePlannedAnew(context, plan, chartObjects(rendered).objects, report)
}

/** Makes anew what of these objects a plan says has to be. @throws SealiftError CLUSTER_ANEW, CLUSTER_* */
export async function makePlannedAnew(
  { cluster, helmRelease }: Pick<Context, 'cluster' | 'helmRelease'>,
  plan: ObjectPlan,
  objects: readonly KubernetesObject[],
  report: Reporter,
): Promise<void> {
  const planned = plan.objects.filter(({ action }) => action === 'anew')
  const ids = new Set(
    planned.map(({ apiVersion, kind, ...metadata }) => identity({ apiVersion, kind, metadata }, helmRelease)),
  )
  const anew = objects.filter((object) => ids.has(identity(object, helmRelease)))
  if (anew.length === 0) return
  await makeAnew(cluster(), helmRelease, anew)
  report.info(`made anew: ${anew.map(({ kind, metadata }) => `${kind} ${metadata?.name}`).join(', ')}`)
}
