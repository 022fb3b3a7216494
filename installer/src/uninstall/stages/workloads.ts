import type { Stage } from '../../install/engine.ts'
import { isWorkload, type UninstallContext } from '../context.ts'
import { removeAll } from '../remove.ts'

/**
 * First what runs, until the last pod has ended. What protects it (network policies, the manager's admission policy) is there
 * until then, and a namespace without pods goes at once: one with pods is looked at again only after half of the longest
 * grace period that any of them states (Kubernetes, namespace controller), however soon they end.
 */
export const workloadsStage: Stage<UninstallContext> = {
  id: 'uninstall-workloads',
  title: 'Stop what runs',
  inPlace: 'nothing runs',
  needed: async (context) => (await running(context)).some((list) => list.length > 0),
  async run(context, report) {
    const { cluster, graceOf, patience, interval } = context
    const total = (await running(context)).flat().length
    await removeAll(cluster, {
      graceOf,
      patience,
      interval,
      async look() {
        const [goes = [], followers = []] = await running(context)
        return { goes, followers }
      },
      onProgress: (left) => report.progress(Math.max(0, total - left), total, 'items'),
    })
    report.info('every pod has ended')
  },
}

async function running({ survey, plan }: UninstallContext) {
  const { goes, followers } = await survey(plan.kinds.filter(isWorkload))
  return [goes, followers]
}
