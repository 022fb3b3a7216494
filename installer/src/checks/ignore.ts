import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { nearest } from '../answers/nearest.ts'
import type { Check } from './check.ts'

/** Proves that checks may be ignored: each is one that there is, and none is strict. @throws SealiftError USAGE_IGNORE */
export function assertIgnorable(ignore: readonly string[], checks: readonly Check[]): void {
  const ids = checks.map(({ id }) => id)
  const unknown = ignore.find((id) => !ids.includes(id))
  if (unknown !== undefined) {
    const meant = nearest(unknown, ids)
    throw new SealiftError('USAGE_IGNORE', `there is no check ${unknown.slice(0, 64)} that could be ignored`, {
      fix: meant ? `did you mean "${meant}"?` : `the checks: ${ids.join(', ')}`,
    })
  }
  const strict = checks.filter((check) => check.strict)
  const refused = strict.filter(({ id }) => ignore.includes(id))
  if (refused.length > 0)
    throw new SealiftError('USAGE_IGNORE', `no answer can ignore: ${refused.map(({ id }) => id).join(', ')}`, {
      why: refused.map(({ why }) => why).join(' '),
      fix: `all others can be ignored; these never: ${strict.map(({ id }) => id).join(', ')}`,
    })
}
