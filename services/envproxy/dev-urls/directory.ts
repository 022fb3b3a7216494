import type { Manager } from '../manager.ts'
import { Refusal } from '../refusal.ts'

/** A port of a workspace that has a host name. */
export interface DevUrl {
  id: string
  label: string
  workspace: string
  port: number
  /** needs nobody logged in */
  open: boolean
}

/** Finds dev URLs by label; undefined where there is none. Throws a Refusal (503) where nobody can say. */
export type Directory = (label: string) => Promise<DevUrl | undefined>

export interface DirectoryOptions {
  ask: Directory
  /** an answer is good for this long, and while the manager does not answer for the longer; milliseconds */
  freshMs?: number
  staleMs?: number
  /** answers kept, and questions under way */
  most?: number
  mostAsking?: number
}

/** Keeps answers for some seconds: a page is one question, and a dev URL that is closed to the public is so soon. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { ask, freshMs = 10_000, staleMs = 60_000, most = 10_000, mostAsking = 64 } = options
  const known = new Map<string, { at: number; found: DevUrl | undefined }>()
  const asking = new Map<string, Promise<DevUrl | undefined>>()

  const question = (label: string): Promise<DevUrl | undefined> => {
    const pending = asking.get(label)
    if (pending) return pending
    // names that strangers make up must not become a flood at the manager
    if (asking.size >= mostAsking) return Promise.reject(new Error('too many questions'))
    const answer = ask(label)
      .then((found) => {
        known.delete(label)
        known.set(label, { at: performance.now(), found })
        const oldest = known.keys().next().value
        if (known.size > most && oldest !== undefined) known.delete(oldest)
        return found
      })
      .finally(() => asking.delete(label))
    asking.set(label, answer)
    return answer
  }

  return async (label) => {
    const answer = known.get(label)
    const age = answer ? performance.now() - answer.at : Number.POSITIVE_INFINITY
    if (answer && age < freshMs) return answer.found
    try {
      return await question(label)
    } catch (error) {
      if (answer && age < staleMs) return answer.found
      throw new Refusal(503, 'MANAGER_UNREACHABLE', 'Nobody can say where this leads; try again.', error)
    }
  }
}

/** The directory that the manager keeps. */
export function managerDirectory(manager: Manager): Directory {
  return async (label) => {
    const { status, body } = await manager.call('GET', `/internal/dev-urls/${label}`)
    if (status === 404) return undefined
    const { id, workspace, port, access } = (body ?? {}) as Record<string, unknown>
    if (status !== 200 || typeof id !== 'string' || typeof workspace !== 'string' || typeof port !== 'number')
      throw new Error(`the manager answers ${status}`)
    return { id, label, workspace, port, open: access === 'public' }
  }
}
