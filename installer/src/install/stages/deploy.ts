import type { InstallContext } from '../context.ts'
import { clearTheWay, deployChart } from '../deploy-chart.ts'
import { deploymentNote, isDeployed } from '../deployed.ts'
import type { Stage } from '../engine.ts'
import type { Reporter } from '../events.ts'

export const deployStage: Stage<InstallContext> = {
  id: 'deploy',
  title: 'Install the chart',
  inPlace: 'this release runs with these values',
  needed: async (context) => !(await isDeployed(context)),
  run: (context, report) => deploy(context, report, { values: context.values(), description: deploymentNote(context) }),
}

/** Stages that install the chart: what is left of one that was killed is their own to clear away. */
const deploying: ReadonlySet<string> = new Set(['deploy', 'database-server'])

/**
 * Installs the chart with these values; Helm takes it back where that fails.
 * @throws SealiftError CLUSTER_ROLLOUT, CLUSTER_HELM_*, CLUSTER_*
 */
export async function deploy(
  context: InstallContext,
  report: Reporter,
  what: { values: Record<string, unknown>; description: string },
): Promise<void> {
  const ours = context.earlier.some(({ stage, event }) => deploying.has(stage) && event === 'start')
  await clearTheWay(context, report, ours)
  await deployChart(context, report, { ...what, takesBack: true })
}
