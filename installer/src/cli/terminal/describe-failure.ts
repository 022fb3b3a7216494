import type { View } from '../../wizard/view.ts'
import { safe } from '../format.ts'

/** A failure in lines, as every command says it. */
export const describeFailure = ({ code, message, why, fix }: NonNullable<View['failure']>): string =>
  [
    `  ! ${safe(message)} [${code}]`,
    ...(why ? [`    why: ${safe(why)}`] : []),
    ...(fix ? [`    try: ${safe(fix)}`] : []),
  ].join('\n')
