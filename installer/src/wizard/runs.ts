import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { InstallResult } from '../install/install.ts'
import type { EventLog } from './event-log.ts'
import { failureOf } from './face.ts'
import { completeAnswers, refuseFaults } from './form.ts'
import { stopped } from './interrupted.ts'
import { keepReport } from './kept-report.ts'
import type { Work } from './work.ts'

/** What a session does with its answers, one thing at a time. */
export interface Runs {
  /** @throws SealiftError SESSION_FAULTS */
  check(): void
  /** @throws SealiftError SESSION_FAULTS */
  install(): void
  /** Ends in order what runs. */
  stop(): void
  /** How the installation that was started last ends. @throws what it fails with */
  outcome(): Promise<InstallResult>
  /** Stops, and waits for the end. */
  close(): Promise<void>
}

export function createRuns(work: Work, directory: string, log: EventLog): Runs {
  let controller = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  let outcome: Promise<InstallResult> = Promise.reject(
    new SealiftError('USAGE_INTERRUPTED', 'nothing was installed', { fix: 'sealift install' }),
  )
  outcome.catch(() => {})

  /** The answers as they are now, whole. */
  function answers() {
    const { draft, faults } = log.view()
    refuseFaults(faults)
    return completeAnswers(draft, directory)
  }

  function begin(): AbortSignal {
    controller = new AbortController()
    return controller.signal
  }

  return {
    check() {
      const given = answers()
      const signal = begin()
      log.add({ type: 'phase', phase: 'checking' })
      running = work
        .stages()
        .then((stages) => {
          // a check says which of them it protects
          if (log.view().stages.length === 0) log.add({ type: 'stages', stages })
          return work.check(given, log.add, signal)
        })
        .then((report) => {
          keepReport(directory, report)
          log.add({ type: 'checks', checks: report.checks })
          log.add({ type: 'phase', phase: 'asking' })
        })
        .catch((error) => {
          log.add({ type: 'checks', checks: stopped(log.view().checks) })
          log.add({ type: 'phase', phase: 'asking', failure: failureOf(errorOf(error, signal)) })
        })
    },
    install() {
      const given = answers()
      const signal = begin()
      log.add({ type: 'phase', phase: 'installing' })
      log.add({ type: 'page', page: 'progress' })
      outcome = work.stages().then((stages) => {
        log.add({ type: 'stages', stages })
        return work.install(given, log.add, signal)
      })
      running = outcome.then(
        ({ url, namespace, version, kubectl }) => {
          log.add({ type: 'result', result: { url, namespace, version, kubectl } })
          log.add({ type: 'phase', phase: 'done' })
          log.add({ type: 'page', page: 'done' })
        },
        (error) => log.add({ type: 'phase', phase: 'failed', failure: failureOf(errorOf(error, signal)) }),
      )
    },
    stop: () => controller.abort(),
    outcome: () => outcome,
    async close() {
      controller.abort()
      await running
    },
  }
}

/** What is said of whatever a run fails with. */
export function errorOf(cause: unknown, signal: AbortSignal): SealiftError {
  if (cause instanceof SealiftError) return cause
  if (signal.aborted)
    return new SealiftError('USAGE_INTERRUPTED', 'it was stopped', {
      fix: 'go on: it looks at what is there, and continues where it ended',
      cause,
    })
  return new SealiftError('INTERNAL_DEFECT', 'sealift itself failed', {
    why: (cause as Error)?.message ?? String(cause),
    fix: 'SEALIFT_DEBUG=1 shows where; please report it',
    cause,
  })
}
