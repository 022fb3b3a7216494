import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Face, Invitation } from '../face.ts'

/** What a request gets; without a body 204. */
export interface Answer {
  status?: number
  json?: unknown
  text?: { type: string; body: string; name?: string }
}

/** How a face gets in by one door, and how it is known again. */
export interface Door {
  /** ends the streams of events, when what was said has been sent */
  readonly ending: AbortSignal
  /** The face that a request comes from, which may do what it asks. @throws SealiftError SESSION_* */
  faceOf(request: IncomingMessage): Face
  /** Answers `POST /api/enter`. @throws SealiftError SESSION_* */
  enter(request: IncomingMessage, response: ServerResponse): Promise<Answer>
  /** A link for one browser. @throws SealiftError SESSION_NO_WEB */
  invite(): Promise<Invitation>
  /** Closes this door, where that ends no more than itself. */
  close?(): void
}
