import { images } from '../../checks/images.ts'
import { checkInStage } from '../../checks/in-stage.ts'
import { describeReadBack } from '../../seed/read-back.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const registryStage: Stage<InstallContext> = {
  id: 'registry',
  title: 'Check that the registry has every image',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { answers, signal } = context
    if (answers.registry.kind === 'seed') {
      const { outcomes, sent, references, readBack, resumed, referrers } = await context.seed({
        signal,
        onProgress: ({ done, total }) => report.progress(done, total, 'bytes'),
      })
      const kept = resumed > 0 ? `, ${resumed} of an earlier run used` : ''
      report.info(`${sent} bytes sent${kept}; ${outcomes.mounted} parts mounted, ${outcomes.present} there already`)
      report.info(`${references.length} names read back and proven; ${describeReadBack(readBack)}`)
      if (!referrers) report.warn('the registry takes images only: their signatures and SBOMs are not there')
    }
    await checkInStage([images], context, report)
  },
}
