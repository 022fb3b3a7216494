import { readAnswers } from '../../../installer/src/answers/read.ts'
import { createContext } from '../../../installer/src/install/context.ts'
import { reporterOf } from '../../../installer/src/install/events.ts'
import { openInstallation } from '../../../installer/src/install/open.ts'
import { registryStage } from '../../../installer/src/install/stages/registry.ts'

/** Runs the registry stage of an installation, as a process of its own too: `node seed-stage.ts ANSWERS STATE`. */
export async function runRegistryStage(answersFile: string, stateDir: string): Promise<string[]> {
  const answers = readAnswers(answersFile)
  const deps = await openInstallation(answers, stateDir)
  const lines: string[] = []
  try {
    const context = createContext(answers, deps, new AbortController().signal, [])
    await registryStage.run(
      context,
      reporterOf('registry', (event) => event.type === 'log' && lines.push(event.message)),
    )
    return lines
  } finally {
    await deps.close()
  }
}

if (import.meta.main) await runRegistryStage(process.argv[2] as string, process.argv[3] as string)
