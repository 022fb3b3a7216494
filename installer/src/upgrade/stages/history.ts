import { keptText } from '../../cluster/database-volume.ts'
import type { Stage } from '../../install/engine.ts'
import { addToHistory, type HistoryEntry, named } from '../../install/history.ts'
import type { StepContext } from '../context.ts'
import { claimOf } from '../postgres-major.ts'
import { thisHost, type UpgradeRecord } from '../record.ts'
import { readVolume } from '../volume.ts'

/** What the history says of an upgrade that ends, or of its way back. */
export function entryOf(
  { started, from, to, backup, failed, direction, takenBack }: UpgradeRecord,
  times: Record<string, number>,
): HistoryEntry {
  const rest = {
    ...{ ended: new Date().toISOString(), host: thisHost(), times },
    ...(backup && { backup }),
    ...(failed && { failed }),
  }
  if (takenBack !== undefined)
    return { what: 'rollback', from: named(to), to: named(from), outcome: 'done', started: takenBack, ...rest }
  const outcome = direction === 'back' ? 'back' : 'done'
  return { what: 'upgrade', from: named(from), to: named(to), outcome, started, ...rest }
}

export const historyStage: Stage<StepContext> = {
  id: 'history',
  title: 'End the upgrade',
  inPlace: '',
  needed: async () => true,
  async run({ cluster, answers, note, record, times }, report) {
    const { from, move } = record()
    const kept = move && (await readVolume(cluster(), answers.namespace, claimOf(from.postgres)))
    if (kept) report.info(keptText(cluster(), answers.namespace, kept))
    await addToHistory(cluster(), answers.namespace, entryOf(record(), times))
    await note({ ended: new Date().toISOString() })
  },
}
