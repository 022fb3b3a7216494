import type { Emit } from '../../install/events.ts'
import { installing, type Work } from '../../wizard/work.ts'
import { stagePrinter } from '../stage-printer.ts'

/** The installation, which shows here, too, what it does: as lines, or as one JSON document a line. */
export function shownWork(stateDir: string | undefined, json: boolean): Work {
  const work = installing(stateDir)
  return {
    ...work,
    async install(answers, emit, signal) {
      const printer = stagePrinter(process.stderr)
      const show: Emit = json ? (event) => console.log(JSON.stringify(event)) : printer.show
      const both: Emit = (event) => {
        show(event)
        emit(event)
      }
      return await work.install(answers, both, signal).finally(() => printer.end())
    },
  }
}
