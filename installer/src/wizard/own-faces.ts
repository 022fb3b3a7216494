import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { answerAt, type Draft, setAnswer } from '../answers/draft.ts'
import { fieldAt } from '../answers/field.ts'
import { questions } from '../answers/questions.ts'
import { writeAnswers } from '../answers/write.ts'
import { answered } from './answered.ts'
import { checksAfter } from './checks-after.ts'
import { writeDraft } from './draft-file.ts'
import type { EventLog } from './event-log.ts'
import type { Face, Faults, Invitation } from './face.ts'
import { faultsOf, importAnswers } from './form.ts'
import { writeKeptReport } from './kept-report.ts'
import type { Lookouts } from './looks/lookouts.ts'
import { proposedFor } from './proposed.ts'
import type { Runs } from './runs.ts'
import { registryIn } from './served.ts'
import type { ServingRuns } from './serving.ts'
import type { Steering } from './steering.ts'
import { dropUpload, keepUpload } from './uploads.ts'
import type { FaceView, Phase } from './view.ts'

/** What faces work with. */
export interface Parts {
  directory: string
  /** directory from which relative paths in answers count */
  base: string
  ended: AbortSignal
  log: EventLog
  steering: Steering
  lookouts: Lookouts
  runs: Runs
  serving: ServingRuns
  /** lets a browser in, where there is a door for browsers */
  invite(): Promise<Invitation>
}

const changeable: readonly Phase[] = ['asking', 'failed']
const any: readonly Phase[] = ['asking', 'failed', 'checking', 'installing', 'done']

/** The face in the process that owns the session. */
export function ownFace(parts: Parts, { id }: FaceView): Face {
  const { directory, base, log, steering, lookouts, runs, serving } = parts

  /** Says that the face is there; what anyone may do starts with it. */
  function present(): void {
    if (parts.ended.aborted) throw new SealiftError('SESSION_ENDED', 'the session is over', { fix: 'sealift install' })
    steering.seen(id)
  }

  /** Does what only the one who steers may, and only in some phases. */
  async function steer<T>(phases: readonly Phase[], act: () => T | Promise<T>): Promise<T> {
    present()
    steering.assert(id)
    const { phase } = log.view()
    if (!phases.includes(phase))
      throw new SealiftError('SESSION_BUSY', 'this cannot be done now', { why: because[phase] })
    return await act()
  }

  /** Takes over other answers: on the disk first, then for all to see. */
  function keep(next: Draft): Faults {
    const before = log.view().draft
    writeDraft(directory, next)
    const faults = faultsOf(next)
    log.add({ type: 'draft', draft: next, faults })
    lookouts.changed(before, next)
    serving.changed(before, next)
    const { checks } = log.view()
    const found = checksAfter(checks, before, next)
    if (!isDeepStrictEqual(found, checks)) log.add({ type: 'checks', checks: found })
    return { faults }
  }

  /** Starts what takes the answers as they are. */
  function start(run: () => void): void {
    serving.assertIdle()
    run()
  }

  /** What comes of serving: the CA that nobody could have named before, and a registry to look at. */
  function served({ ca }: { ca?: string }): void {
    const { draft } = log.view()
    const { caFile, plainHttp } = registryIn(draft)
    if (ca !== undefined && caFile === undefined && !plainHttp) keep(setAnswer(draft, '/registry/caFile', ca))
    lookouts.look('registry', log.view().draft)
  }

  return {
    id,
    async view() {
      present()
      return log.view()
    },
    async questions() {
      return questions
    },
    subscribe(after, listener) {
      present()
      const gone = steering.following(id)
      const end = log.subscribe(after, listener)
      return once(() => {
        end()
        gone()
      })
    },
    answer: (changes) => steer(changeable, () => keep(answered(log.view().draft, changes, base))),
    upload: (pointer, name, bytes) =>
      steer(changeable, () => {
        const { draft } = log.view()
        const file = keepUpload(directory, pointer, name, bytes)
        const before = answerAt(draft, pointer)
        if (fieldAt(pointer)?.items) {
          const others = (Array.isArray(before) ? before : []).filter((one) => one !== file)
          keep(setAnswer(draft, pointer, [...others, file]))
        } else {
          keep(setAnswer(draft, pointer, file))
          if (before !== file) dropUpload(directory, before)
        }
        return { path: file }
      }),
    go: (page) =>
      steer(any, async () => {
        log.add({ type: 'page', page })
        const { draft } = log.view()
        const proposed = await proposedFor(page, draft)
        // what was answered or begun meanwhile counts
        const { draft: now, phase } = log.view()
        if (Object.keys(proposed).length > 0 && now === draft && changeable.includes(phase))
          keep(answered(draft, proposed, base))
      }),
    look: (look) => steer(any, () => lookouts.look(look, log.view().draft)),
    serve: () => steer(changeable, () => serving.start(served)),
    check: () => steer(changeable, () => start(runs.check)),
    install: () => steer(changeable, () => start(runs.install)),
    stop: () =>
      steer(any, () => {
        runs.stop()
        serving.stop()
      }),
    async steer() {
      present()
      steering.take(id)
    },
    async invite() {
      present()
      return await parts.invite()
    },
    import: (text) => steer(changeable, () => keep(importAnswers(text, path.join(base, 'answers.yaml')))),
    async export() {
      present()
      return writeAnswers(log.view().draft)
    },
    async report(form) {
      present()
      return await writeKeptReport(directory, log.view().checks, form)
    },
    async leave() {
      steering.leave(id)
    },
  }
}

const because: Readonly<Record<Phase, string>> = {
  asking: 'nothing runs',
  failed: 'nothing runs',
  checking: 'the checks run; stop them first',
  installing: 'the installation runs; stop it first',
  done: 'it is installed',
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}
