import type { CheckResult } from '../../src/checks/check.ts'

/** Whether an installation would be refused because of this check. */
export const blocks = ({ state, level }: CheckResult): boolean => state === 'failed' && level === 'error'

/** Whether it was looked at to the end, or not at all on purpose. */
export const isOver = ({ state }: CheckResult): boolean => state !== 'waiting' && state !== 'running'

/** Errors, warnings, what runs, what is ignored, what was not tried; apart from these what holds and what has not begun. */
export function ordered(checks: readonly CheckResult[]): { shown: CheckResult[]; fine: CheckResult[] } {
  const rank = ({ state, level }: CheckResult): number =>
    state === 'failed' ? (level === 'error' ? 0 : 1) : ['running', 'ignored', 'skipped'].indexOf(state) + 2
  const shown = checks.filter(({ state }) => state !== 'passed' && state !== 'waiting')
  return {
    shown: shown.toSorted((a, b) => rank(a) - rank(b)),
    fine: checks.filter(({ state }) => state === 'passed'),
  }
}

/** How the checks stand, as one line: "2 errors, 1 warning, 30 hold". */
export function checkSummary(checks: readonly CheckResult[]): string {
  const count = (of: (check: CheckResult) => boolean) => checks.filter(of).length
  const errors = count(blocks)
  const warnings = count(({ state, level }) => state === 'failed' && level === 'warning')
  const words: [number, string, string][] = [
    [errors, 'error', 'errors'],
    [warnings, 'warning', 'warnings'],
    [count(({ state }) => state === 'ignored'), 'ignored', 'ignored'],
    [count(({ state }) => state === 'skipped'), 'not tried', 'not tried'],
    [count(({ state }) => state === 'passed'), 'holds', 'hold'],
  ]
  return words.flatMap(([n, one, many]) => (n > 0 ? [`${n} ${n === 1 ? one : many}`] : [])).join(', ')
}
