import { printable } from '../printable.ts'

/**
 * What the engine tells its audience: the terminal, the web wizard and `--json` all show these and nothing else. Plain
 * data, without secrets. `ms` is milliseconds; `at` is milliseconds since 1970.
 */
export type InstallEvent =
  | { type: 'stage-start'; stage: string; title: string; number: number; of: number; at: number }
  | { type: 'progress'; stage: string; done: number; total: number; unit: 'bytes' | 'items' }
  | { type: 'log'; stage: string; level: 'info' | 'warn'; message: string }
  | { type: 'stage-done'; stage: string; ms: number }
  | { type: 'stage-skipped'; stage: string; title: string; why: string }
  | { type: 'stage-failed'; stage: string; ms: number; code: string; message: string; why?: string; fix?: string }

export type Emit = (event: InstallEvent) => void

/** What a running stage can say. */
export interface Reporter {
  /** Moves the stage's progress; `total` and `done` are whole numbers of `unit`. */
  progress(done: number, total: number, unit: 'bytes' | 'items'): void
  info(message: string): void
  warn(message: string): void
}

/** A reporter that turns what a stage says into events of that stage. */
export const reporterOf = (stage: string, emit: Emit): Reporter => ({
  progress: (done, total, unit) => emit({ type: 'progress', stage, done, total, unit }),
  info: (message) => emit({ type: 'log', stage, level: 'info', message: printable(message) }),
  warn: (message) => emit({ type: 'log', stage, level: 'warn', message: printable(message) }),
})
