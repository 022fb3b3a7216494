import type { Random } from '../random.ts'
import type { Case, Good } from './place.ts'

/** Makes one input of a kind, and says which command reads it. */
export type Make = (random: Random, good: Good) => Case

export interface Kind {
  /** how many of 10,000 inputs are of this kind */
  share: number
  make: Make
}
