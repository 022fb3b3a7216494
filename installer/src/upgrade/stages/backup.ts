import { createBackup } from '../../backup/create.ts'
import { stopWrites } from '../../database/writes.ts'
import type { Stage } from '../../install/engine.ts'
import { keepSecrets } from '../before.ts'
import type { StepContext } from '../context.ts'
import { thisHost } from '../record.ts'

export const backupStage: Stage<StepContext> = {
  id: 'backup',
  title: 'Back up the database and the secrets',
  inPlace: 'an earlier run has made it',
  // one that was made before anything changed is the one to go back to
  needed: async (context) => context.record().backup === undefined,
  async run(context, report) {
    const { answers, options, signal } = context
    const cluster = context.cluster()
    if (await context.returnsByBackup()) {
      await context.note({ writesStopped: true })
      await context.withDatabase(stopWrites)
      report.info('nobody writes from here until the upgrade has ended, so that the way back would lose nothing')
    }
    await keepSecrets(cluster, answers.namespace)
    const { id, path } = await createBackup(
      { cluster, namespace: answers.namespace },
      { ...options.backup, report, signal },
    )
    await context.note({ backup: { id, path, host: thisHost() } })
    report.info(`backup ${id}: ${path}`)
  },
}
