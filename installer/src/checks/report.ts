import { hostname, userInfo } from 'node:os'
import type { InstallContext } from '../install/context.ts'
import { printable } from '../printable.ts'
import { version } from '../version.ts'
import type { CheckResult } from './check.ts'

/** What was found, for a terminal, for machines (docs/checks.md, "The report"), and to print. Without secrets. */
export interface CheckReport {
  apiVersion: 'sealift.dev/v1'
  kind: 'CheckReport'
  /** RFC 3339: when the last check ended */
  at: string
  /** who ran it: user@machine */
  by: string
  /** version of sealift */
  sealift: string
  release: { name: string; version: string }
  site: { host: string; namespace: string; registry: string; mode: string; server?: string }
  /** milliseconds in all */
  ms: number
  counts: Record<Group, number>
  /** in the order of docs/checks.md */
  checks: readonly CheckResult[]
}

/** How checks are grouped, in the order of what deserves attention. */
export const groups = ['failed', 'warnings', 'ignored', 'skipped', 'passed'] as const
export type Group = (typeof groups)[number]

/** The group of a check that has ended; one that has not is among the skipped. */
export function groupOf({ state, level }: CheckResult): Group {
  if (state === 'failed') return level === 'error' ? 'failed' : 'warnings'
  return state === 'passed' || state === 'ignored' ? state : 'skipped'
}

/** Makes the report of checks that have ended. `ms` is how long all of them took. */
export function checkReport(
  { answers, bundle, cluster }: Pick<InstallContext, 'answers' | 'bundle' | 'cluster'>,
  checks: readonly CheckResult[],
  ms: number,
): CheckReport {
  const { name, version: released } = bundle.release
  const { host, namespace, registry, mode } = answers
  return counted({
    apiVersion: 'sealift.dev/v1',
    kind: 'CheckReport',
    at: new Date().toISOString(),
    by: printable(whoRuns()),
    sealift: version,
    release: { name, version: released },
    site: { host, namespace, registry: registry.address, mode, ...serverOf(cluster) },
    ms: Math.round(ms),
    checks,
  })
}

/** A report with the numbers that belong to its checks. */
export const counted = (report: Omit<CheckReport, 'counts'>): CheckReport => ({
  ...report,
  counts: Object.fromEntries(
    groups.map((group) => [group, report.checks.filter((check) => groupOf(check) === group).length]),
  ) as Record<Group, number>,
})

/** Checks by their groups, empty groups left out. */
export const grouped = ({ checks }: CheckReport): { group: Group; checks: CheckResult[] }[] =>
  groups
    .map((group) => ({ group, checks: checks.filter((check) => groupOf(check) === group) }))
    .filter(({ checks }) => checks.length > 0)

/** "2 failed, 1 warning, 30 passed" */
export function summary({ counts }: CheckReport): string {
  const words = groups.flatMap((group) => {
    const count = counts[group]
    return count === 0 ? [] : [`${count} ${group === 'warnings' && count === 1 ? 'warning' : group}`]
  })
  return words.join(', ')
}

/** Where a cluster is, if its kubeconfig can be read. */
function serverOf(cluster: InstallContext['cluster']): { server?: string } {
  try {
    return { server: cluster().server }
  } catch {
    return {}
  }
}

function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    // a user id without an entry in /etc/passwd
    return `user ${process.getuid?.()}@${hostname()}`
  }
}
