import type { CheckResult } from '../checks/check.ts'
import type { InstallEvent } from '../install/events.ts'

/**
 * What every face of one installation shows: a pure function of the events so far. Plain data without secrets, so that it
 * crosses a socket as it is. Times are milliseconds since 1970, pointers are JSON pointers into the answers (RFC 6901).
 */
export interface View {
  /** number of the last event in it */
  seq: number
  phase: Phase
  /** where the one who steers is; the others follow */
  page: Page
  /** answers so far, as an answers file would hold them; not yet checked as a whole */
  draft: Readonly<Record<string, unknown>>
  /** by pointer */
  faults: Readonly<Record<string, Fault>>
  /** the registry that was served from here, or is about to be; nothing of it is kept for another process */
  serving?: Serving | undefined
  /** what was found where an answer leads: the bundle opened, the cluster asked, … */
  looks: Readonly<Partial<Record<Look, Looked>>>
  checks: readonly CheckResult[]
  stages: readonly StageView[]
  log: readonly LogLine[]
  faces: readonly FaceView[]
  /** id of the face that may change something */
  steering?: string | undefined
  /** how it ended, in phase failed */
  failure?: Failure | undefined
  /** in phase done */
  result?: { url: string; namespace: string; version: string; kubectl: string }
}

/** asking also stands for what was checked and may still be changed; failed for what may be taken up again. */
export type Phase = 'asking' | 'checking' | 'installing' | 'failed' | 'done'

export const pages = [
  'bundle',
  'license',
  'mode',
  'cluster',
  'registry',
  'names',
  'data',
  'sizes',
  'checks',
  'review',
  'progress',
  'done',
] as const
export type Page = (typeof pages)[number]

/** Places that answers lead to and that can be looked at on the spot. */
export const looks = ['bundle', 'license', 'cluster', 'registry', 'certificate', 'names', 'database'] as const
export type Look = (typeof looks)[number]

export interface Looked {
  state: 'looking' | 'good' | 'bad'
  /** lines to show, label and text: "signed by", "dE4YaGn1…" */
  facts: readonly { label: string; text: string; bad?: boolean }[]
  /** values that may be chosen for a pointer, such as contexts and storage classes */
  choices?: Readonly<Record<string, readonly string[]>>
  failure?: Failure
}

/** How it stands with serving the bundle. */
export interface Serving {
  state: 'starting' | 'serving' | 'failed'
  /** how much of the bundle is verified, while it starts */
  progress?: Amount
  /** where it answers, and what does: that goes on when the wizard ends */
  at?: { registry: string; ca?: string; pid: number; log: string; already: boolean }
  failure?: Failure
}

export interface Fault {
  message: string
  fix?: string
}

export interface Failure {
  code: string
  message: string
  why?: string
  fix?: string
}

export interface StageView {
  id: string
  title: string
  state: 'waiting' | 'running' | 'done' | 'skipped' | 'failed'
  /** why there was nothing to do */
  why?: string
  startedAt?: number
  ms?: number
  progress?: Amount
}

/** Whole numbers of `unit`; `from` is what was done at `since`, for the rate. */
export interface Amount {
  done: number
  total: number
  unit: 'bytes' | 'items'
  from: number
  since: number
}

export interface LogLine {
  at: number
  stage: string
  level: 'info' | 'warn'
  message: string
}

export interface FaceView {
  id: string
  kind: 'web' | 'terminal' | 'headless'
  /** where it is: "browser at 10.0.0.7" */
  label: string
}

/** What happens in a session. Those of the engine are what they are everywhere. */
export type SessionEvent =
  | InstallEvent
  | { type: 'draft'; draft: View['draft']; faults: View['faults'] }
  | { type: 'page'; page: Page }
  /** without `looked`: its answers have changed, so what was found counts no more */
  | { type: 'look'; look: Look; looked?: Looked }
  /** without `serving`: its answers have changed, so what was said counts no more */
  | { type: 'serving'; serving?: Serving }
  | { type: 'checks'; checks: readonly CheckResult[] }
  | { type: 'check'; check: CheckResult }
  | { type: 'stages'; stages: readonly { id: string; title: string }[] }
  | { type: 'phase'; phase: Phase; failure?: Failure }
  | { type: 'faces'; faces: readonly FaceView[]; steering?: string }
  | { type: 'result'; result: NonNullable<View['result']> }

/** An event with its number and its time. */
export type Stamped = SessionEvent & { seq: number; at: number }

/** lines of the log that a view keeps */
const lines = 500

export const emptyView: View = {
  seq: 0,
  phase: 'asking',
  page: 'bundle',
  draft: {},
  faults: {},
  looks: {},
  checks: [],
  stages: [],
  log: [],
  faces: [],
}

/** The view after an event. Pure; an event that is in the view already changes nothing. */
export function reduce(view: View, event: Stamped): View {
  if (event.seq <= view.seq) return view
  return { ...view, ...change(view, event), seq: event.seq }
}

function change(view: View, event: Stamped): Partial<View> {
  switch (event.type) {
    case 'draft':
      return { draft: event.draft, faults: event.faults }
    case 'page':
      return { page: event.page }
    case 'look':
      return { looks: looksAfter(view.looks, event.look, event.looked) }
    case 'serving':
      return { serving: event.serving }
    case 'checks':
      return { checks: event.checks }
    case 'check':
      return { checks: view.checks.map((one) => (one.id === event.check.id ? event.check : one)) }
    case 'stages':
      return { stages: event.stages.map(({ id, title }) => ({ id, title, state: 'waiting' })) }
    case 'phase':
      return { phase: event.phase, failure: event.failure }
    case 'faces':
      return { faces: event.faces, steering: event.steering }
    case 'result':
      return { result: event.result }
    case 'log': {
      const { at, stage, level, message } = event
      return { log: [...view.log, { at, stage, level, message }].slice(-lines) }
    }
    default:
      return { stages: view.stages.map((stage) => (stage.id === event.stage ? stageAfter(stage, event) : stage)) }
  }
}

function looksAfter(before: View['looks'], look: Look, looked: Looked | undefined): View['looks'] {
  const { [look]: _, ...others } = before
  return looked === undefined ? others : { ...others, [look]: looked }
}

type OfStage = Exclude<Extract<Stamped, { stage: string }>, { type: 'log' }>

function stageAfter(stage: StageView, event: OfStage): StageView {
  switch (event.type) {
    case 'stage-start':
      return { id: stage.id, title: event.title, state: 'running', startedAt: event.at }
    case 'progress': {
      const { done, total, unit, at } = event
      const { from, since } = stage.progress ?? { from: done, since: at }
      return { ...stage, progress: { done, total, unit, from, since } }
    }
    case 'stage-done':
      return { ...stage, state: 'done', ms: event.ms }
    case 'stage-skipped':
      return { id: stage.id, title: event.title, state: 'skipped', why: event.why }
    case 'stage-failed':
      return { ...stage, state: 'failed', ms: event.ms }
  }
}
