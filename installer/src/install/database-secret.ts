import type { CompleteAnswers } from '../answers/schema.ts'
import { small, smallCa } from './small-file.ts'

/**
 * What the manager needs for a database of the site: `password`, and `ca.crt` where the answers name its CA; undefined
 * where the platform runs one of its own.
 * @throws SealiftError USAGE_ANSWERS
 */
export function databaseSecret({ database }: CompleteAnswers): Record<string, string> | undefined {
  if (database === undefined) return undefined
  return {
    password: small(database.passwordFile, 'database.passwordFile').replace(/\r?\n$/, ''),
    ...(database.caFile === undefined ? {} : { 'ca.crt': smallCa(database.caFile, 'database.caFile') }),
  }
}
