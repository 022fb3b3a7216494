import type { ErrorCode } from '@sealift/bundle-spec/error.ts'
import type { InstallContext } from '../install/context.ts'

/** error: the installation would fail or the platform would not work; warning: it works, until something else happens too. */
export type Level = 'error' | 'warning'

/** One thing that is looked at before anything is changed, as data. */
export interface Check {
  /** what `--ignore` and the answer `ignore` name */
  id: string
  /** what holds where it passes: "Kubernetes is new enough" */
  title: string
  /** id of the stage that would fail without it */
  protects: string
  /** what would break, in words for whoever does not work with Kubernetes every day */
  why: string
  level: Level
  /** can't be ignored: what would be lost is not the operator's alone */
  strict?: true
  /** ids of checks that must hold first: without them this one says nothing, and is skipped */
  after?: readonly string[]
  /** milliseconds that it may take; 30 seconds by default */
  limit?: number
  /**
   * Looks, until `context.signal`. What it makes in the cluster it removes. A SealiftError that it throws is a finding too.
   * `say` tells what it waits for.
   */
  run(context: InstallContext, say: (what: string) => void): Promise<Finding>
}

export type Finding =
  | { state: 'passed'; found: string }
  /** `found` says why it was not tried */
  | { state: 'skipped'; found: string }
  | {
      state: 'failed'
      code: ErrorCode
      /** where it is not the check's own */
      level?: Level
      found: string
      needed: string
      /** the exact command or change that helps */
      fix: string
    }

/** What a report shows of a check; plain data, without secrets. */
export interface CheckResult extends Pick<Check, 'id' | 'title' | 'protects' | 'why'> {
  level: Level
  strict: boolean
  /** ignored: it failed, and the answers say that this is known */
  state: 'waiting' | 'running' | 'passed' | 'skipped' | 'failed' | 'ignored'
  /** while it runs: what it waits for */
  found?: string
  needed?: string
  fix?: string
  code?: ErrorCode
  /** milliseconds */
  ms?: number
}
