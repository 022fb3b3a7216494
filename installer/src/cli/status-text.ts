import type { Status } from '../status/status.ts'
import { safe } from './format.ts'

const marks = { passed: 'ok', failed: 'FAILED', skipped: '?' } as const

/** One screen: a line a subject, what helps below those that need it. */
export function statusText({ server, namespace, lines }: Status): string {
  const width = Math.min(44, Math.max(...lines.map(({ title }) => title.length)))
  const shown = lines.flatMap(({ title, state, level, found, fix }) => {
    const mark = state === 'failed' && level === 'warning' ? 'warning' : marks[state]
    const [first = '', ...more] = found.split('\n').map(safe)
    const indent = ' '.repeat(9)
    return [
      `${mark.padEnd(9)}${safe(title).padEnd(width)}  ${first}`,
      ...more.map((line) => `${indent}${' '.repeat(width)}  ${line}`),
      ...(fix !== undefined && state !== 'passed' ? [`${indent}  try: ${safe(fix)}`] : []),
    ]
  })
  return [`namespace ${safe(namespace)} at ${server}`, '', ...shown].join('\n')
}
