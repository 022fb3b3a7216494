import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Stage } from '../../install/engine.ts'
import { releasedVolumes, type UninstallContext } from '../context.ts'

/** Looks over every kind once more: what is there now, and not what was done, says that nothing is left. */
export const proofStage: Stage<UninstallContext> = {
  id: 'uninstall-proof',
  title: 'Look whether anything is left',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { cluster, plan, survey, patience } = context
    const { namespace: name } = plan.release
    const { namespace, goes, followers, keeps, others, unseen } = await survey()
    const [first] = [...goes, ...followers]
    if (first)
      throw new SealiftError('CLUSTER_LEFT', `${first.kind.kind} ${first.metadata.name} is there again`, {
        why: 'somebody makes it anew: an operator, or another installer',
        fix: 'end that one, then run the same command again',
      })
    // what could be looked at before, and can't be now
    const [blind] = unseen.filter(({ what }) => !plan.unseen.some((one) => one.what === what))
    if (blind)
      throw new SealiftError(
        'CLUSTER_LEFT',
        `whether anything is left cannot be told: ${blind.what} cannot be listed`,
        {
          why: blind.why,
          fix: 'run the same command again: it goes on, and looks again',
        },
      )
    const volumes = await settledVolumes(context, Date.now() + patience)
    const busy = volumes.filter(({ stays }) => !stays)
    if (busy.length > 0)
      throw new SealiftError('CLUSTER_LEFT', `${busy.length} volumes are not removed by the storage of the cluster`, {
        why: `their claims are gone: ${busy.map(({ name }) => name).join(', ')}`,
        fix: `see what their provisioner says: kubectl${cluster.flags} describe persistentvolume ${busy[0]?.name}`,
      })
    context.left = { namespace, keeps, others, volumes: volumes.map(({ name }) => name) }
    const kinds = plan.kinds.filter(({ resource }) => resource !== 'events').length
    report.info(
      keeps.length === 0
        ? `nothing of it is in the cluster: looked at ${kinds} kinds in ${name} and beyond`
        : `${keeps.length} objects with its data and nothing else of it: looked at ${kinds} kinds in ${name} and beyond`,
    )
  },
}

/** A provisioner takes a moment to remove a volume whose claim is gone. */
async function settledVolumes({ cluster, plan, interval }: UninstallContext, end: number) {
  for (;;) {
    const volumes = await releasedVolumes(cluster, plan.release.namespace)
    if (volumes.every(({ stays }) => stays) || Date.now() > end) return volumes
    await setTimeout(interval, undefined, { signal: cluster.signal })
  }
}
