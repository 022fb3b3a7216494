import type { Face } from '../../wizard/face.ts'
import type { ProgressStream } from '../progress.ts'
import type { Ask } from './ask.ts'
import type { LiveView } from './live-view.ts'

/** What the pages of the terminal work with. */
export interface Asker {
  ask: Ask
  face: Face
  live: LiveView
  /** where progress is shown */
  stream: ProgressStream
  signal: AbortSignal
}
