import type { Stage } from '../../install/engine.ts'
import { addToHistory, type HistoryEntry, named } from '../../install/history.ts'
import type { StepContext } from '../context.ts'
import { thisHost, type UpgradeRecord } from '../record.ts'

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
  async run({ cluster, answers, note, record, times }) {
    await addToHistory(cluster(), answers.namespace, entryOf(record(), times))
    await note({ ended: new Date().toISOString() })
  },
}
