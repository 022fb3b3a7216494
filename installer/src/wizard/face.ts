import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Question } from '../answers/questions.ts'
import { printable } from '../printable.ts'
import { type FaceView, type Fault, type Look, type Page, reduce, type Stamped, type View } from './view.ts'

/** One installation that is asked for, checked and run, whoever of its faces does it. */
export interface Session {
  /** where draft, events and uploads are kept */
  readonly directory: string
  /** aborted when it is over, for whatever reason: the process that owns it ends, or is gone */
  readonly ended: AbortSignal
  /**
   * Lets a face in. The first one steers.
   * @throws SealiftError SESSION_FULL
   */
  enter(who: Pick<FaceView, 'kind' | 'label'>): Promise<Face>
  /** Leaves it to the others; of the one who owns it: ends what runs, in order, then the session. */
  close(): Promise<void>
}

/**
 * What one face sees and does. All that changes something needs the steering (SESSION_STEERED), and has to fit the phase
 * (SESSION_BUSY). Errors are SealiftErrors, the same whether the session is in this process or in another.
 */
export interface Face {
  readonly id: string
  view(): Promise<View>
  questions(): Promise<readonly Question[]>
  /**
   * Everything after an event, in order; the whole view first where that event is too old, or of another run. Returns what
   * ends it.
   */
  subscribe(after: number, listener: (update: Update) => void): () => void
  /**
   * Answers, by pointer; null takes an answer back. Kept on the disk when this returns.
   * @throws SealiftError USAGE_ANSWERS where a pointer names no field
   */
  answer(changes: Changes): Promise<Faults>
  /**
   * Keeps a file that an answer names, with mode 0600, and answers with its path.
   * @throws SealiftError SESSION_UPLOAD
   */
  upload(pointer: string, name: string, bytes: Uint8Array): Promise<{ path: string }>
  go(page: Page): Promise<void>
  /** Looks at what answers lead to; what it finds comes as events. */
  look(look: Look): Promise<void>
  /**
   * Serves the bundle where the answers say, as a process of its own that goes on when the wizard ends; how it goes comes as
   * events. When it answers its CA is answered, too, where none is yet, and the registry looked at.
   * @throws SealiftError SESSION_FAULTS
   */
  serve(): Promise<void>
  /** Starts the checks; what they find comes as events. @throws SealiftError SESSION_FAULTS */
  check(): Promise<void>
  /** Starts, or goes on after a failure. @throws SealiftError SESSION_FAULTS while answers are missing */
  install(): Promise<void>
  /** Ends in order what runs. */
  stop(): Promise<void>
  /** Takes the steering, from one who is not there; a terminal on the machine itself may always. */
  steer(): Promise<void>
  /** A new one-time link for a browser. @throws SealiftError SESSION_NO_WEB */
  invite(): Promise<Invitation>
  /** Takes over an answers file. @throws SealiftError USAGE_ANSWERS with line and field */
  import(text: string): Promise<Faults>
  /** The answers as every face exports them. */
  export(): Promise<string>
  /** The report of the checks. */
  report(form: 'json' | 'html'): Promise<string>
  leave(): Promise<void>
}

export type Update = Stamped | { type: 'view'; view: View }
export type Changes = Readonly<Record<string, unknown>>
export interface Faults {
  faults: Readonly<Record<string, Fault>>
}

export interface Invitation {
  url: string
  /** SHA-256 of the certificate, as browsers show it */
  fingerprint: string
}

/** The view after an update. */
export const follow = (view: View, update: Update): View =>
  update.type === 'view' ? update.view : reduce(view, update)

/** What is shown of an error: lines that no terminal and no page takes for anything else. */
export const failureOf = ({ code, message, why, fix }: SealiftError) => ({
  code,
  message: printable(message),
  ...(why === undefined ? {} : { why: printable(why) }),
  ...(fix === undefined ? {} : { fix: printable(fix) }),
})
