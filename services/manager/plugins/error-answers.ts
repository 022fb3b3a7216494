import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isDatabaseDown } from '../database.ts'
import { ApiError, type ErrorBody } from '../errors.ts'
import { isReadOnly, readOnlyRetry } from '../read-only.ts'

/** Gives every failure the same shape: {code, message, why?, fix?}. What a defect says stays in the log. */
export default fp(async (app) => {
  app.setErrorHandler((error: FastifyError, request, reply) => answer(error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'NOT_FOUND', message: `there is no ${request.method} ${path(request)}` }),
  )
})

const path = (request: FastifyRequest): string => (request.url.split('?')[0] ?? '').slice(0, 200)

function answer(error: FastifyError | ApiError | SealiftError, request: FastifyRequest, reply: FastifyReply): unknown {
  if (error instanceof ApiError) {
    if (error.retryAfter !== undefined) reply.header('retry-after', error.retryAfter)
    return reply.code(error.statusCode).send(body(error))
  }
  if (error instanceof SealiftError) {
    if (!error.code.startsWith('LICENSE_')) request.log.error({ err: error }, 'a request failed')
    return reply.code(licenseStatus[error.code] ?? 500).send(body(error))
  }
  if (isReadOnly(error))
    return reply.code(503).header('retry-after', readOnlyRetry).send({
      code: 'UPGRADE_READ_ONLY',
      message: 'the platform is being upgraded: until that is done, nothing can be changed and nobody can log in',
      fix: 'try again in a few minutes; what is open goes on: workspaces, terminals, editors, SSH',
    })
  if (isDatabaseDown(error)) {
    request.log.warn({ reason: error.message }, 'the database does not answer')
    return reply
      .code(503)
      .header('retry-after', 5)
      .send({ code: 'DATABASE_UNAVAILABLE', message: 'the database does not answer', fix: 'try again in a moment' })
  }
  const status = error.statusCode ?? 500
  if (status >= 500) {
    request.log.error({ err: error }, 'a request failed')
    return reply.code(500).send({ code: 'INTERNAL', message: 'the manager failed; its log says more' })
  }
  const code = error.validation === undefined ? (error.code ?? 'BAD_REQUEST') : 'INPUT_INVALID'
  return reply.code(status).send({ code, message: error.message })
}

const licenseStatus: Record<string, number> = {
  LICENSE_MALFORMED: 400,
  LICENSE_FORGED: 400,
  LICENSE_AIRGAP: 402,
  LICENSE_EXPIRED: 402,
  LICENSE_EARLY: 402,
}

function body(error: ApiError | SealiftError): ErrorBody {
  return {
    code: error.code,
    message: error.message,
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
  }
}
