import type { CompleteAnswers } from '../answers/schema.ts'
import { lockState } from '../stores/state-lock.ts'
import { clusterJournal } from './cluster-journal.ts'
import { createContext, type InstallContext, type InstallDeps } from './context.ts'
import { runStages, type Stage, type StageOutcome } from './engine.ts'
import type { Emit } from './events.ts'
import { openJournal } from './journal.ts'

/**
 * Runs stages that make an installation, for this process alone, with their journal in the state directory and, from the
 * namespace on, in the cluster. `contextOf` adds what they share beside what every installation does.
 * @throws SealiftError USAGE_LOCKED; of the stage that failed
 */
export async function runJournaled<C extends InstallContext>(
  stages: readonly Stage<C>[],
  answers: CompleteAnswers,
  deps: InstallDeps,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
  contextOf: (context: InstallContext) => C,
): Promise<{ context: C; outcomes: StageOutcome[] }> {
  const release = await lockState(deps.stateDir, 'another installation', deps.lockWait)
  try {
    const journal = await openJournal(deps.stateDir)
    try {
      const context = contextOf(createContext(answers, deps, signal, journal.earlier))
      const inCluster = clusterJournal(context.cluster, answers.namespace)
      const outcomes = await runStages(stages, context, {
        journal,
        signal,
        emit: (event) => {
          if (event.type === 'stage-done') context.times[event.stage] = event.ms
          emit(event)
        },
        // the namespace stage asks for changes before there is a namespace
        mirror: async (entries) => {
          if (context.changesCluster && entries.some((e) => e.stage === 'namespace' && e.event !== 'start'))
            await inCluster(entries)
        },
      })
      return { context, outcomes }
    } finally {
      await journal.close()
    }
  } finally {
    release()
  }
}
