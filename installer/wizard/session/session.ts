import { createContext, useContext } from 'react'
import type { Draft } from '../../src/answers/draft.ts'
import type { Look, Page, View } from '../../src/wizard/view.ts'
import type { Faults } from '../api.ts'

/** What every page has of the installation and may do with it. */
export interface Session {
  /** id of this browser's face */
  face: string
  view: View
  /** the view's answers, with what is typed here and on its way */
  draft: Draft
  faults: Faults
  /** whether events come: without them nothing can be done, and nothing on the machine stops */
  connected: boolean
  /** whether this face is the one that may change something */
  steers: boolean
  /** whether answers may be changed here and now */
  editable: boolean
  /** Changes an answer, null removes it; it is sent after a pause. */
  answer: (pointer: string, value: unknown) => void
  /** Sends what is typed; the faults after that, or undefined where it could not be sent. */
  flush: () => Promise<Faults | undefined>
  upload: (pointer: string, name: string, bytes: Blob) => Promise<string>
  go: (page: Page) => void
  look: (look: Look) => void
  /** Ends the wizard on the machine: its port is closed. */
  close: () => Promise<void>
  /** Does something, and shows above the page what it throws. */
  attempt: (does: () => Promise<unknown>) => Promise<void>
}

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('there is no session around this')
  return session
}
