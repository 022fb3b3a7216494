import { restoreBackup } from '../../backup/restore.ts'
import { type AppliedMigration, appliedMigrations, takesItselfBack } from '../../database/applied-migrations.ts'
import { markLeaving, migrateBack } from '../../database/back.ts'
import type { Stage } from '../../install/engine.ts'
import { unexpected } from '../context.ts'
import { type BackContext, to } from './context.ts'
import { stopManagers } from './managers.ts'
import { leaveVolume } from './volume.ts'

/** Before managers of the release before come back: they start on what is marked as leaving, and on what the backup has. */
export const databaseReadyStage: Stage<BackContext> = {
  id: 'database-ready',
  title: 'Make the database ready for the release of before',
  inPlace: 'no migration has changed it',
  needed: async (context) =>
    context.record().move ? context.record().chartIsBack !== true : (await newer(context)).length > 0,
  async run(context, report) {
    if (context.record().move) return await leaveVolume(context, report)
    const migrations = await newer(context)
    const names = migrations.map(({ name }) => name)
    if (migrations.every(takesItselfBack)) {
      await context.withDatabase((database) => markLeaving(database, names))
      return report.info(`the release of before works on ${names.join(', ')} until they are taken back`)
    }
    const { cluster, answers, signal } = context
    const { backup } = context.record()
    if (backup === undefined) throw unexpected('there is no backup to go back to')
    // whoever runs would migrate again
    await stopManagers(context, report)
    const site = { cluster: cluster(), namespace: answers.namespace }
    const { key } = context.backup
    // in an upgrade that failed nobody could write since: what differs is the migrations' own work
    const { takenBack } = context.record()
    await context.note({ writesStopped: true, passed: false })
    const { lost } = await restoreBackup(site, backup.path, { key, report, signal, leaveStopped: true })
    context.lost = takenBack === undefined ? [] : lost
  },
}

/** After the last manager of the release that failed has gone. */
export const databaseBackStage: Stage<BackContext> = {
  id: 'database-back',
  title: 'Take the migrations back',
  inPlace: 'there is none to take back',
  needed: async (context) => (await newer(context)).length > 0,
  async run(context, report) {
    const last = to(context).migrations.at(-1)
    const undone = await context.withDatabase((database) => migrateBack(database, last))
    report.info(`taken back without a loss: ${undone.join(', ')}`)
  },
}

/** The migrations that the database has and did not have before. */
async function newer(context: BackContext): Promise<AppliedMigration[]> {
  const before = new Set(to(context).migrations)
  return (await context.withDatabase(appliedMigrations)).filter(({ name }) => !before.has(name))
}
