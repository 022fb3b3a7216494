import type { CheckResult } from './check.ts'
import { type CheckReport, type Group, grouped, summary } from './report.ts'

const headings: Record<Group, string> = {
  failed: 'FAILED',
  warnings: 'WARNINGS',
  ignored: 'IGNORED',
  skipped: 'SKIPPED',
  passed: 'PASSED',
}

/** The report for a terminal, a line each; what needs attention comes first. */
export function reportLines(report: CheckReport): string[] {
  const sections = grouped(report).flatMap(({ group, checks }) => [
    headings[group],
    ...checks.flatMap((check) => (check.state === 'passed' || check.state === 'skipped' ? short(check) : long(check))),
    '',
  ])
  return [...sections, `${summary(report)}, in ${(report.ms / 1000).toFixed(1)} s`]
}

const short = ({ id, title, found }: CheckResult): string[] => [`  ${id}: ${title}: ${found ?? 'not tried'}`]

const long = ({ id, title, found, needed, why, fix, strict, code, protects }: CheckResult): string[] => [
  `  ${id}: ${title}${strict ? ' (strict)' : ''}${code ? ` [${code}]` : ''}`,
  `    found:  ${found}`,
  `    needed: ${needed}`,
  `    why:    ${why} (stage ${protects})`,
  ...(fix ? [`    try:    ${fix}`] : []),
]
