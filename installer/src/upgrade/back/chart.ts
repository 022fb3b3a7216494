import { helmRollback } from '../../cluster/helm.ts'
import { readHelmRevision } from '../../cluster/helm-history.ts'
import { workloadsOf } from '../../cluster/workloads.ts'
import { renderedObjects } from '../../coverage/rendered-yaml.ts'
import { watched } from '../../install/deploy-chart.ts'
import type { Stage } from '../../install/engine.ts'
import { liveDifferences, repair } from '../plan/objects/live-differences.ts'
import { type BackContext, to } from './context.ts'
import { leaveRevisions, removeLeaving } from './leaving.ts'

/** The manifest of the revision to go back to. */
async function manifestOf(context: BackContext): Promise<string> {
  return (await readHelmRevision(context.cluster(), context.helmRelease, to(context).revision)).manifest
}

export const chartBackStage: Stage<BackContext> = {
  id: 'chart-back',
  title: 'Take the chart back',
  inPlace: 'Helm has the release of before',
  // Helm's own record may say so while objects are those of the next release: a revision that was killed leaves none
  needed: async (context) => context.record().chartIsBack !== true,
  async run(context, report) {
    const { answers, helmRelease, timeout } = context
    const { revision } = to(context)
    const manifest = await manifestOf(context)
    await leaveRevisions(context, manifest, report)
    const workloads = workloadsOf(renderedObjects(manifest))
    await watched(
      context,
      workloads,
      report,
      (helm, run) => helmRollback(helm, answers, helmRelease, revision, { ...run, timeout }),
      // pods of the release that failed are there until Helm has changed what runs them
      { endsEarly: false },
    )
    await removeLeaving(context, report)
    await context.note({ chartIsBack: true })
  },
}

/** Helm's way back is not exact: what a failed upgrade has added to an object may stay (helm, issue 13346). */
export const objectsBackStage: Stage<BackContext> = {
  id: 'objects-back',
  title: 'Compare every object with the release of before',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const site = { cluster: context.cluster(), release: context.helmRelease, manifest: await manifestOf(context) }
    const found = await liveDifferences(site)
    if (found.length === 0) return report.info('every object is as it was')
    for (const { kind, name, missing, fields, leftovers } of found) {
      const paths = [...fields.map(({ path }) => path), ...leftovers].slice(0, 5).join(', ')
      report.warn(`${kind} ${name}: ${missing ? 'it is missing' : paths}`)
    }
    const repaired = await repair(site, found)
    for (const { kind, name, failed } of repaired) if (failed) report.warn(`${kind} ${name} stays otherwise: ${failed}`)
    const left = await liveDifferences(site)
    report.info(`brought back: ${found.length - left.length} of ${found.length}`)
  },
}
