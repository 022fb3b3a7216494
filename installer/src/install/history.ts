import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'

/** A release as records name it. */
export interface Named {
  name: string
  version: string
  digest: string
}

/** Nothing but how a release is named. */
export const named = ({ name, version, digest }: Named): Named => ({ name, version, digest })

/** One thing that was done to an installation. */
export interface HistoryEntry {
  what: 'install' | 'upgrade' | 'rollback'
  from?: Named
  to: Named
  /** `back`: it failed, and the site is what it was */
  outcome: 'done' | 'back'
  /** RFC 3339 */
  started: string
  ended: string
  /** the machine it was done from */
  host: string
  /** milliseconds by stage */
  times: Record<string, number>
  backup?: { id: string; host: string; path: string }
  failed?: { stage: string; code: string; message: string; why?: string; fix?: string }
}

export const historyName = 'sealift-history'
const key = 'history.jsonl'
const entriesKept = 100

/** What was done, oldest first; lines that nobody can read are left out. @throws SealiftError CLUSTER_* */
export async function readHistory(cluster: Cluster, namespace: string): Promise<HistoryEntry[]> {
  const map = await cluster.find('read the history', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: historyName }),
  )
  return (map?.data?.[key] ?? '').split('\n').flatMap(parse)
}

/** Adds an entry, once: the same one by its start is replaced. */
export async function addToHistory(cluster: Cluster, namespace: string, entry: HistoryEntry): Promise<void> {
  const others = (await readHistory(cluster, namespace)).filter(({ started }) => started !== entry.started)
  const lines = [...others, entry].slice(-entriesKept).map((one) => JSON.stringify(one))
  await applyConfigMap(cluster, namespace, historyName, { [key]: `${lines.join('\n')}\n` })
}

function parse(line: string): HistoryEntry[] {
  try {
    const entry = JSON.parse(line) as HistoryEntry
    return typeof entry.to.version === 'string' && typeof entry.started === 'string' ? [entry] : []
  } catch {
    return []
  }
}
