import type { ErrorCode } from '@sealift/bundle-spec/error.ts'
import type { Level } from '../../../installer/src/checks/check.ts'
import type { CheckSite } from './check-site.ts'
import type { PreflightRun } from './preflight-run.ts'

/** What a report has to say of a check that failed. */
export interface Told {
  level: Level
  code: ErrorCode
  found: RegExp
}

/** A site where many things are wrong at once, and what the checks have to tell of each. */
export interface Provocation {
  /** also the namespace that it would be installed into: those with different ones can be tried side by side */
  name: string
  /** by id of the check */
  tells: Readonly<Record<string, Told>>
  /** Makes it so, on what is a good site otherwise; `undo` takes everything back. */
  arrange(site: CheckSite, undo: AsyncDisposableStack): Promise<PreflightRun>
}

export const error = (code: ErrorCode, found: RegExp): Told => ({ level: 'error', code, found })
export const warning = (code: ErrorCode, found: RegExp): Told => ({ level: 'warning', code, found })
