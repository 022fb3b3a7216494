import { isDeepStrictEqual } from 'node:util'
import type { Draft } from '../answers/draft.ts'
import type { CheckResult } from '../checks/check.ts'

/**
 * What checks have found, after answers have changed: nothing that still counts, but where only `ignore` did, which they
 * found things without.
 */
export function checksAfter(checks: readonly CheckResult[], before: Draft, after: Draft): readonly CheckResult[] {
  const { ignore: _, ...others } = before
  const { ignore, ...now } = after
  if (isDeepStrictEqual(before, after)) return checks
  if (!isDeepStrictEqual(others, now)) return []
  const ignored: readonly unknown[] = Array.isArray(ignore) ? ignore : []
  return checks.map((check) => {
    if (check.strict || (check.state !== 'failed' && check.state !== 'ignored')) return check
    return { ...check, state: ignored.includes(check.id) ? 'ignored' : 'failed' }
  })
}
