import Type from 'typebox'
import { record } from '../audit.ts'
import { callerOf } from '../authorization.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { countAttempt, forgiveAttempt } from '../login-limits.ts'
import { verifyPassword } from '../passwords.ts'
import { assertOwnPage } from '../plugins/access.ts'
import type { TypedInstance } from '../schema-types.ts'
import { closeSession, openSession, sessionLifetime } from '../sessions.ts'
import { siteCookies } from '../site-cookies.ts'
import { findUserByName } from '../users/store.ts'
import { ErrorAnswer, UserAnswer } from './schemas.ts'

const Credentials = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 64 }), password: Type.String({ minLength: 1, maxLength: 256 }) },
  { additionalProperties: false },
)

/** Logging in and out, who is logged in, and the keys that check tickets. */
export function authRoutes(app: TypedInstance, { database, tickets, accessUrl, clock }: Dependencies): void {
  const { session } = siteCookies(accessUrl)
  app.post(
    '/auth/basic/login',
    {
      config: { permission: 'anyone', license: 'exempt', audit: 'session.open' },
      schema: {
        body: Credentials,
        response: { 200: Type.Object({ session_token: Type.String(), user: UserAnswer }), '4xx': ErrorAnswer },
      },
    },
    async (request, reply) => {
      if (request.headers.origin !== undefined) assertOwnPage(request, new URL(accessUrl).origin)
      const { username, password } = request.body
      const attempt = { username, address: request.ip }
      await countAttempt(database, attempt, clock())
      const user = await findUserByName(database, username)
      const matches = await verifyPassword(password, user?.passwordHash)
      if (user === undefined || !user.active || !matches)
        throw new ApiError(401, 'AUTH_FAILED', 'the user name or the password is wrong')
      await forgiveAttempt(database, attempt)
      const from = { address: request.ip, userAgent: request.headers['user-agent'] }
      const token = await openSession(database, user.id, clock(), from)
      await record(
        database,
        request,
        { target: { type: 'session' }, actor: user, details: { by: 'password' } },
        clock(),
      )
      request.log.info({ user: user.id }, 'logged in')
      reply.setCookie(session.name, token, { ...session.options, maxAge: sessionLifetime / 1000 })
      return { session_token: token, user: { id: user.id, username: user.username, role: user.role } }
    },
  )

  app.post(
    '/auth/logout',
    {
      config: { permission: 'anyone', license: 'exempt', audit: false },
      schema: { response: { 204: Type.Null(), '4xx': ErrorAnswer } },
    },
    async (request, reply) => {
      const user = request.credential && (await closeSession(database, request.credential.value))
      if (user !== undefined)
        await record(database, request, { action: 'session.close', target: { type: 'session' }, actor: user }, clock())
      reply.clearCookie(session.name, session.options)
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/auth/jwks',
    {
      config: { permission: 'anyone', license: 'exempt' },
      schema: { response: { 200: Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) }) } },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=60')
      return tickets.jwks
    },
  )

  app.get(
    '/api/v0/me',
    {
      config: { permission: 'account:read', license: 'exempt' },
      schema: { response: { 200: UserAnswer, '4xx': ErrorAnswer } },
    },
    async (request) => {
      const { id, username, role, organizations } = callerOf(request)
      return { id, username, role, organizations: { ...organizations } }
    },
  )
}
