import { interruptedExitCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import { jsonLine, safe } from './format.ts'

/**
 * Prints a failure on stderr, in 1 to 6 lines (or as one JSON document on stdout for `--json`), and returns the exit code.
 */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof Error && error.name === 'AbortError') {
    process.stderr.write('interrupted; run the same command again and it goes on\n')
    return interruptedExitCode
  }
  const known = error instanceof SealiftError ? error : asDefect(error)
  const { code, message, why, fix } = known
  if (json) process.stdout.write(`${jsonLine({ error: { code, message, why, fix, exitCode: known.exitCode } })}\n`)
  else
    process.stderr.write(
      lines(known)
        .map((line) => `${line}\n`)
        .join(''),
    )
  if (process.env.SEALIFT_DEBUG) console.error(error)
  return known.exitCode
}

function lines({ code, message, why, fix }: SealiftError): string[] {
  const red =
    process.stderr.isTTY && !process.env.NO_COLOR ? (text: string) => `\x1b[31m${text}\x1b[39m` : (text: string) => text
  return [
    `${red('error')} ${safe(message)} [${code}]`,
    ...(why ? [`  why: ${safe(why)}`] : []),
    ...(fix ? [`  try: ${safe(fix)}`] : []),
  ]
}

function asDefect(error: unknown): SealiftError {
  const why = error instanceof Error ? error.message : String(error)
  return new SealiftError('INTERNAL_DEFECT', 'sealift itself failed', {
    why,
    fix: 'SEALIFT_DEBUG=1 shows where; please report it',
    cause: error,
  })
}
