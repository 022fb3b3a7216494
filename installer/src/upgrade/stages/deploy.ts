import { readHelmRevision } from '../../cluster/helm-history.ts'
import { clearTheWay, deployChart } from '../../install/deploy-chart.ts'
import { deploymentNote, isDeployed } from '../../install/deployed.ts'
import type { Stage } from '../../install/engine.ts'
import { noteLeaving } from '../back/leaving.ts'
import { makeWay } from '../compare.ts'
import type { StepContext } from '../context.ts'

export const deployStage: Stage<StepContext> = {
  id: 'deploy',
  title: 'Install the chart of the next release',
  inPlace: 'the next release runs with these values',
  needed: async (context) => !(await isDeployed(context)),
  async run(context, report) {
    const { noWayBack } = context.bundle.release
    if (noWayBack !== undefined) await context.note({ noWayBack })
    const before = await readHelmRevision(context.cluster(), context.helmRelease, context.record().from.revision)
    await clearTheWay(context, report, context.record().changes, () => noteLeaving(context, before.manifest))
    await makeWay(context, before.manifest, report)
    const { takeOver: takesOver } = context.options
    const description = deploymentNote(context)
    await deployChart(context, report, { values: context.values(), description, takesBack: false, takesOver })
  },
}
