import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Fault } from '../../answers/fault.ts'

/** What was found at an answer. error: an installation with it would end there; warning: it would go on. */
export interface Finding extends Fault {
  level: 'error' | 'warning'
}

export const error = (pointer: string, message: string, fix?: string): Finding => ({
  pointer,
  level: 'error',
  message,
  ...(fix === undefined ? {} : { fix }),
})

export const warning = (pointer: string, message: string, fix?: string): Finding => ({
  ...error(pointer, message, fix),
  level: 'warning',
})

/** A failure as a finding at an answer. @throws what is no SealiftError */
export function failed(pointer: string, cause: unknown): Finding {
  if (!(cause instanceof SealiftError)) throw cause
  return error(pointer, cause.why === undefined ? cause.message : `${cause.message} (${cause.why})`, cause.fix)
}
