import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { writeNamed } from '../stores/write-named.ts'
import type { CheckReport } from './report.ts'
import { reportPage } from './report-html.ts'

const forms: Record<string, (report: CheckReport) => string> = {
  '.html': reportPage,
  '.json': (report) => `${JSON.stringify(report, null, 2)}\n`,
}

/** How a file is to be written, by the end of its name. @throws SealiftError USAGE_ARGUMENTS */
export function reportForm(file: string): (report: CheckReport) => string {
  const form = Object.entries(forms).find(([end]) => file.toLowerCase().endsWith(end))?.[1]
  if (form) return form
  throw new SealiftError('USAGE_ARGUMENTS', `it is not clear what to write into ${file}`, {
    fix: `a name that ends in ${Object.keys(forms).join(' or ')}`,
  })
}

/** Writes a report; a crash leaves the old file or the new one. @throws SealiftError USAGE_ARGUMENTS, USAGE_OUT, STORAGE_FULL, STORAGE_WRITE */
export function writeReport(report: CheckReport, file: string): void {
  writeNamed(file, reportForm(file)(report))
}
