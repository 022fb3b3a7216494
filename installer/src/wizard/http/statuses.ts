import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { failureOf } from '../face.ts'

const statuses: Readonly<Record<string, number>> = {
  SESSION_BUSY: 409,
  SESSION_ENDED: 410,
  SESSION_FAULTS: 409,
  SESSION_FOREIGN: 403,
  SESSION_FULL: 503,
  SESSION_LIMIT: 429,
  SESSION_NO_REPORT: 404,
  SESSION_NO_WEB: 409,
  SESSION_REQUEST: 400,
  SESSION_ROUTE: 404,
  SESSION_STEERED: 409,
  SESSION_TOKEN: 401,
  SESSION_TOO_LARGE: 413,
  SESSION_UNKNOWN: 401,
  SESSION_UPLOAD: 400,
}

const ofArea: Readonly<Record<string, number>> = { STORAGE: 507, INTERNAL: 500 }

/** The HTTP status of a failure: what the one who asks can mend is 4xx. */
export const statusOf = ({ code }: SealiftError): number =>
  statuses[code] ?? ofArea[code.slice(0, code.indexOf('_'))] ?? 400

/** The body of an answer to a request that failed. Says nothing of a defect but that there is one. */
export function errorBody(cause: unknown): { status: number; body: { error: ReturnType<typeof failureOf> } } {
  const error =
    cause instanceof SealiftError
      ? cause
      : new SealiftError('INTERNAL_DEFECT', 'sealift itself failed', {
          fix: 'SEALIFT_DEBUG=1 shows where; please report it',
        })
  return { status: statusOf(error), body: { error: failureOf(error) } }
}
