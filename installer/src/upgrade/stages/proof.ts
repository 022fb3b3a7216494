import { proveBackup } from '../../backup/prove.ts'
import { siteRepository } from '../../install/chart-values.ts'
import type { Stage } from '../../install/engine.ts'
import type { StepContext } from '../context.ts'
import { unexpected } from '../context.ts'

export const proofStage: Stage<StepContext> = {
  id: 'proof',
  title: 'Restore the backup into a database that is thrown away',
  inPlace: 'it was proven before anything changed',
  needed: async (context) => !context.record().changes,
  async run(context, report) {
    const { answers, signal, options, bundle } = context
    const { backup } = context.record()
    if (backup === undefined) throw unexpected('there is no backup to prove')
    const site = { cluster: context.cluster(), namespace: answers.namespace }
    const next = bundle.release.images.find(({ name }) => name === 'postgres')
    // what the data goes into is the proof that it can
    const image =
      (await context.movesDatabase()) && next
        ? { image: `${siteRepository(next.reference, answers.registry.address)}@${next.digest}` }
        : {}
    await proveBackup(site, backup.path, { key: options.backup.key, ...image, report, signal })
  },
}
