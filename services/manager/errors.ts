/** What every failing answer of the manager's API looks like in JSON. */
export type ErrorBody = { code: string; message: string; why?: string; fix?: string }

/** A failure that the API answers with `statusCode`. None of its texts may hold a secret. */
export class ApiError extends Error {
  readonly statusCode: number
  readonly code: string
  readonly why: string | undefined
  readonly fix: string | undefined
  /** Seconds after which asking again makes sense. */
  readonly retryAfter: number | undefined

  constructor(
    statusCode: number,
    code: string,
    message: string,
    details: { why?: string; fix?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'ApiError'
    this.statusCode = statusCode
    this.code = code
    this.why = details.why
    this.fix = details.fix
    this.retryAfter = details.retryAfter
  }
}
