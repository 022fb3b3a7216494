import { describeLoss } from '../../backup/restore.ts'
import type { Difference } from '../../database/state.ts'

/** What a way back has cost, for people. */
export const lossText = (lost: readonly Difference[] | undefined): string =>
  lost?.length === 0
    ? 'nothing was lost'
    : `what was written after the backup is lost: ${lost?.map(describeLoss).join('; ') ?? 'how much that is, nobody can count'}`
