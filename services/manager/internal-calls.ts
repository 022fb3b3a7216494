import { errors, jwtVerify } from 'jose'
import { ApiError } from './errors.ts'

/** Checks calls of the envproxy to /internal/. */
export type InternalCalls = {
  /** @throws ApiError 401 INTERNAL_AUTH, 503 INTERNAL_OFF. `now` is in milliseconds. */
  assert(authorization: string | undefined, now: number): Promise<void>
}

/**
 * The envproxy proves itself with a JWT of a minute (HS256 over a key that both read from a file), so that the key itself
 * never crosses the network. Without a key nobody gets in.
 */
export function internalCalls(key: string | undefined): InternalCalls {
  if (key !== undefined && key.length < 32) throw new Error('the key for internal calls is shorter than 32 characters')
  const secret = key === undefined ? undefined : new TextEncoder().encode(key)
  return {
    async assert(authorization, now) {
      if (secret === undefined) throw new ApiError(503, 'INTERNAL_OFF', 'internal calls are not configured')
      const token = /^Bearer ([\w.-]{1,2048})$/.exec(authorization ?? '')?.[1]
      try {
        await jwtVerify(token ?? '', secret, {
          algorithms: ['HS256'],
          issuer: 'envproxy',
          audience: 'manager',
          requiredClaims: ['exp', 'iat'],
          maxTokenAge: 120,
          clockTolerance: 30,
          currentDate: new Date(now),
        })
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error
        throw new ApiError(401, 'INTERNAL_AUTH', 'this is not a call of the envproxy')
      }
    },
  }
}
