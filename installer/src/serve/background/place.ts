import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../../stores/write-whole.ts'
import type { Announcement } from '../announcement.ts'

/** One that serves in the background, as its state directory names it; nothing in it is secret. */
export interface Running extends Announcement {
  pid: number
  log: string
}

/** What is kept of it: also what it was asked for, so that the same is not asked for twice. */
export interface Kept extends Running {
  /** what clients see of the flags */
  asked: readonly string[]
  /** digests of the signed indexes that are served */
  indexes: readonly string[]
}

/** Held as long as one serves from a state directory: a second one would take its certificate away. */
export const lockName = 'serve.lock'

export const logIn = (state: string): string => join(state, 'serve.log')

const fileIn = (state: string): string => join(state, 'serve.json')

export const keepRunning = (state: string, kept: Kept): void => writeWhole(fileIn(state), `${JSON.stringify(kept)}\n`)

/** The one that was kept last, whether or not it still runs. */
export function keptRunning(state: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(state), 'utf8')) as Kept
  } catch {
    return undefined
  }
}
