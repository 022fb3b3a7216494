import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Cluster } from '../cluster/connection.ts'
import { endOrphanedHelm } from '../cluster/helm-orphan.ts'
import type { Found } from '../cluster/inventory.ts'
import { runStages, type Stage } from '../install/engine.ts'
import type { Emit } from '../install/events.ts'
import { openJournal } from '../install/journal.ts'
import { lockState } from '../stores/state-lock.ts'
import { createContext, type UninstallContext } from './context.ts'
import { clearLocalState, readLocalState } from './local-state.ts'
import type { Plan } from './plan.ts'
import { namespaceStage } from './stages/namespace.ts'
import { objectsStage } from './stages/objects.ts'
import { proofStage } from './stages/proof.ts'
import { workloadsStage } from './stages/workloads.ts'

const stages: readonly Stage<UninstallContext>[] = [workloadsStage, objectsStage, namespaceStage, proofStage]

/** Seconds: a database that is shut down in order starts again at once (manifests/chart, postgres.yaml). */
const databaseGrace = 120
const isDatabase = ({ metadata }: Found): boolean => metadata.labels?.['app.kubernetes.io/component'] === 'postgres'

export interface UninstallDeps {
  cluster: Cluster
  /** where the installation kept its journal and receipt; `isDefault`: nobody named it */
  state: { directory: string; isDefault: boolean }
  /** seconds that pods have to end, the database aside; open sessions are cut then */
  grace?: number
  /** milliseconds without any change until what is left counts as stuck; more than the database has to end */
  patience?: number
  /** milliseconds between looks */
  interval?: number
  /** milliseconds that another run in the state directory is waited for */
  lockWait?: number
}

export interface UninstallResult {
  /** `Kind name` of what stays in the namespace */
  kept: string[]
  others: string[]
  /** persistent volumes that stay with their data, since their reclaim policy is Retain */
  volumes: string[]
  /** what could not be looked at */
  unseen: string[]
  namespaceRemoved: boolean
  state: { directory: string; removed: boolean; authority: string | undefined }
}

/**
 * Removes an installation as planned, and proves that nothing else of it is left. Killed at any moment and run again, it goes
 * on with what is there.
 * @throws SealiftError CLUSTER_LEFT, CLUSTER_*, USAGE_LOCKED, USAGE_INTERRUPTED
 */
export async function uninstall(
  plan: Plan,
  { cluster, state, ...deps }: UninstallDeps,
  emit: Emit,
): Promise<UninstallResult> {
  const { directory } = state
  const unlock = await lockState(directory, 'another installation', deps.lockWait)
  const { grace = 15, patience = 150_000, interval = 400 } = deps
  try {
    await endHelm(directory)
    const graceOf = (pod: Found) => (isDatabase(pod) ? databaseGrace : grace)
    const journal = await openJournal(directory)
    const context = createContext(cluster, plan, { graceOf, patience, interval })
    try {
      await runStages(stages, context, { emit, journal, signal: cluster.signal })
    } finally {
      await journal.close()
    }
    const local = readLocalState(directory, { ...plan.release, server: cluster.server }, state.isDefault)
    const removed = plan.deleteData && local.isOurs === true
    const { left } = context
    const names = (list: typeof left.keeps) => list.map(({ kind, metadata }) => `${kind.kind} ${metadata.name}`)
    // the lock lies in the directory
    unlock()
    if (removed) await clearLocalState(local)
    return {
      kept: names(left.keeps),
      others: names(left.others),
      volumes: left.volumes,
      unseen: plan.unseen.map(({ what, why }) => `${what}: ${why}`),
      namespaceRemoved: plan.removesNamespace && left.namespace === 'absent',
      state: { directory, removed, authority: local.authority },
    }
  } finally {
    unlock()
  }
}

/** A helm that a killed installation left behind would make again what is removed. */
async function endHelm(directory: string): Promise<void> {
  const files = path.join(directory, 'files')
  let digests: string[] = []
  try {
    digests = readdirSync(files)
  } catch {
    // nothing was taken out of a bundle here
  }
  for (const digest of digests.filter((one) => existsSync(path.join(files, one, 'helm'))))
    await endOrphanedHelm({ path: path.join(files, digest, 'helm'), home: path.join(directory, 'helm') })
}
