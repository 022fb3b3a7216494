import { unmarkLeaving } from '../../database/back.ts'
import type { Stage } from '../../install/engine.ts'
import type { StepContext } from '../context.ts'

/** From here on a failure is taken back. */
export const beginStage: Stage<StepContext> = {
  id: 'begin',
  title: 'Note in the cluster that changes begin',
  inPlace: 'an earlier run has begun them',
  needed: async ({ record }) => !record().changes,
  async run({ note, withDatabase }) {
    await withDatabase(unmarkLeaving)
    await note({ changes: true })
  },
}
