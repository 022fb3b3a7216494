import { describeProblem } from '../../cluster/pod-problems.ts'
import { waitForRollout } from '../../cluster/rollout.ts'
import { isReady, workloadStates, workloadsOf } from '../../cluster/workloads.ts'
import { renderedObjects } from '../../coverage/rendered-yaml.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

type Context = Pick<InstallContext, 'answers' | 'cluster' | 'status' | 'timeout'>

export const rolloutStage: Stage<Context> = {
  id: 'rollout',
  title: 'Wait until everything runs',
  inPlace: 'every pod is ready',
  async needed(context) {
    const states = await workloadStates(context.cluster(), context.answers.namespace, await workloads(context))
    return states.length === 0 || !states.every(isReady)
  },
  async run(context, report) {
    await waitForRollout(context.cluster(), context.answers.namespace, await workloads(context), {
      timeout: context.timeout,
      onProgress: (ready, wanted) => report.progress(ready, wanted, 'items'),
      onProblem: (problem) => report.warn(describeProblem(problem)),
    })
  },
}

/** What Helm did install, not what the chart would render now. */
const workloads = async (context: Context) => workloadsOf(renderedObjects((await context.status())?.manifest ?? ''))
