import { readFileSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CheckResult } from '../checks/check.ts'
import { type CheckReport, counted } from '../checks/report.ts'
import { writeWhole } from '../stores/write-whole.ts'

const fileOf = (directory: string) => path.join(directory, 'report.json')

/** Keeps the report of the checks of a session. */
export const keepReport = (directory: string, report: CheckReport): void =>
  writeWhole(fileOf(directory), JSON.stringify(report))

/**
 * The report of the checks that ran last, as they stand now: which of them are ignored may have been answered since.
 * @throws SealiftError SESSION_NO_REPORT
 */
export async function writeKeptReport(
  directory: string,
  checks: readonly CheckResult[],
  form: 'json' | 'html',
): Promise<string> {
  let kept: CheckReport
  try {
    if (checks.length === 0) throw new Error('its answers have changed')
    kept = JSON.parse(readFileSync(fileOf(directory), 'utf8')) as CheckReport
  } catch (cause) {
    throw new SealiftError('SESSION_NO_REPORT', 'there is no report of checks with these answers', {
      fix: 'run the checks',
      cause,
    })
  }
  const report = counted({ ...kept, checks })
  if (form === 'json') return `${JSON.stringify(report, null, 2)}\n`
  const { reportPage } = await import('../checks/report-html.ts')
  return reportPage(report)
}
