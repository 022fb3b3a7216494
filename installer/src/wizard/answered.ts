import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { withAbsolutePaths } from '../answers/complete.ts'
import { type Draft, setAnswer } from '../answers/draft.ts'
import type { Changes } from './face.ts'

/** changes of one request */
const mostChanges = 200

/** A draft with changes; relative paths count from `base`. @throws SealiftError USAGE_ANSWERS where a pointer names no field */
export function answered(draft: Draft, changes: Changes, base: string): Draft {
  const entries = Object.entries(changes)
  if (entries.length > mostChanges) throw new SealiftError('USAGE_ANSWERS', `more than ${mostChanges} answers at once`)
  // an emptied field is one that is not answered
  const next = entries.reduce((next, [pointer, value]) => setAnswer(next, pointer, value === '' ? null : value), draft)
  return withAbsolutePaths(next, base)
}
