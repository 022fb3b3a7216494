import { readHelmRevision } from '../../cluster/helm-history.ts'
import type { Stage } from '../../install/engine.ts'
import { assertPasses, compareObjects } from '../compare.ts'
import type { StepContext } from '../context.ts'
import { assertMoves } from './move.ts'

export const compareStage: Stage<StepContext> = {
  id: 'compare',
  title: 'Compare the release with what is there',
  inPlace: 'it was compared before anything changed',
  needed: async ({ record }) => !record().changes,
  async run(context, report) {
    const { helmRelease, record, options } = context
    const { manifest } = await readHelmRevision(context.cluster(), helmRelease, record().from.revision)
    const moves = await context.movesDatabase()
    if (moves) await assertMoves(context)
    const { plan } = await compareObjects(context, manifest, moves)
    assertPasses(plan, options.takeOver)
    const { add, change, anew, remove } = plan.counts
    report.info(`${add} objects to add, ${change} to change, ${anew} to make anew, ${remove} to remove`)
  },
}
