import { type Attempt, reasons, stages } from './trial.ts'

/** What a line of a pod says; undefined where it is none of the program's. */
export function readAttempt(line: string): { key: number; attempt: Attempt } | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const { key, stage, reason, detail, issuer } = (value ?? {}) as Record<string, unknown>
  const known =
    Number.isInteger(key) &&
    (key as number) >= 0 &&
    stages.includes(stage as never) &&
    (stage === 'reached') === (reason === undefined) &&
    (reason === undefined || reasons.includes(reason as never)) &&
    typeof detail === 'string'
  if (!known) return undefined
  return {
    key: key as number,
    attempt: {
      stage,
      detail,
      ...(reason ? { reason } : {}),
      ...(typeof issuer === 'string' ? { issuer } : {}),
    } as Attempt,
  }
}
