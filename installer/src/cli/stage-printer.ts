import { duration } from '../amounts.ts'
import type { Emit } from '../install/events.ts'
import { type ProgressStream, progressOn } from './progress.ts'

/** Shows the events of stages on a terminal or in a log: one line a stage, what it says below it, progress that moves. */
export function stagePrinter(stream: ProgressStream): { show: Emit; end(): void } {
  const progress = progressOn(stream, false)
  const line = (text: string) => {
    progress.end()
    stream.write(`${text}\n`)
  }
  return {
    show(event) {
      switch (event.type) {
        case 'stage-start':
          return line(`[${event.number}/${event.of}] ${event.title}`)
        case 'progress':
          return progress.update(event.done, event.total, event.unit)
        case 'log':
          return line(`       ${event.level === 'warn' ? 'warning: ' : ''}${event.message}`)
        case 'stage-done':
          return line(`       done in ${duration(event.ms)}`)
        case 'stage-skipped':
          return line(`[ok] ${event.title}: ${event.why}`)
        case 'stage-failed':
          // the failure itself is reported once, by the command
          return progress.end()
      }
    },
    end: () => progress.end(),
  }
}
