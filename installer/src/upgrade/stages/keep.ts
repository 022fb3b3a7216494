import { withdrawNotice } from '../../database/notices.ts'
import { resumeWrites } from '../../database/writes.ts'
import type { Stage } from '../../install/engine.ts'
import type { StepContext } from '../context.ts'

/** Of an upgrade and of its way back. */
export const keepStage: Stage<Pick<StepContext, 'note' | 'record' | 'withDatabase'>> = {
  id: 'keep',
  title: 'Keep the release that runs',
  inPlace: 'it is kept already',
  needed: async ({ record }) => !record().passed || record().writesStopped,
  async run({ withDatabase, note, record }, report) {
    // from here on there is nothing to take back: people may write what only this release knows
    await note({ passed: true })
    await withDatabase(withdrawNotice)
    if (!record().writesStopped) return
    await withDatabase(resumeWrites)
    await note({ writesStopped: false })
    report.info('people can write again')
  },
}
