import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { JournalEntry } from './journal.ts'

const name = 'sealift-journal'
const linesKept = 1000

/**
 * Keeps the journal in the cluster as well (ConfigMap `sealift-journal`), so that whoever comes next sees what was done
 * there, from whichever machine. Returns what writes the entries of this run behind those of earlier runs.
 */
export function clusterJournal(cluster: () => Cluster, namespace: string) {
  let earlier: string[] | undefined
  return async (entries: readonly JournalEntry[]): Promise<void> => {
    const { core, find } = cluster()
    if (earlier === undefined) {
      const map = await find('read the journal', () => core.readNamespacedConfigMap({ namespace, name }))
      earlier = (map?.data?.['journal.jsonl'] ?? '').split('\n').filter(Boolean)
    }
    const lines = [...earlier, ...entries.map((entry) => JSON.stringify(entry))].slice(-linesKept)
    await applyConfigMap(cluster(), namespace, name, { 'journal.jsonl': `${lines.join('\n')}\n` })
  }
}
