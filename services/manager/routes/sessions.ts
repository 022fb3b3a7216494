import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize, callerOf } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { listSessions, revokeSession } from '../sessions.ts'
import { userTarget } from '../users/target.ts'
import { ErrorAnswer, Identifier, IdParams, nullable } from './schemas.ts'

const SessionAnswer = Type.Object({
  id: Type.String(),
  current: Type.Boolean({ description: 'whether it is the one that asks' }),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time' }),
  lastUsedAt: nullable(Type.String({ format: 'date-time' })),
  address: nullable(Type.String()),
  userAgent: nullable(Type.String()),
})

/** Where a user is logged in, and ending that. */
export function sessionRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  const otherwise = (id: string) => ({
    read: 'users:read' as const,
    unknown: new ApiError(404, 'USER_UNKNOWN', `there is no user ${id}`),
  })

  app.get(
    '/api/v0/users/:id/sessions',
    {
      config: { permission: 'sessions:write', license: 'exempt' },
      schema: { params: IdParams, response: { 200: Type.Array(SessionAnswer), '4xx': ErrorAnswer } },
    },
    async (request) => {
      const { id } = request.params
      authorize(request, await userTarget(database, id), otherwise(id))
      const { credential } = callerOf(request)
      return (await listSessions(database, id, clock())).map((session) => ({
        ...session,
        current: session.id === credential,
        createdAt: session.createdAt.toISOString(),
        expiresAt: session.expiresAt.toISOString(),
        lastUsedAt: session.lastUsedAt?.toISOString() ?? null,
      }))
    },
  )

  app.delete(
    '/api/v0/users/:id/sessions/:session',
    {
      config: { permission: 'sessions:write', license: 'exempt', audit: 'session.revoke' },
      schema: {
        params: Type.Object(
          { id: Identifier, session: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), '4xx': ErrorAnswer },
      },
    },
    async (request, reply) => {
      const { id, session } = request.params
      const user = authorize(request, await userTarget(database, id), otherwise(id))
      await transaction(database, async (client) => {
        if (!(await revokeSession(client, id, session)))
          throw new ApiError(404, 'SESSION_UNKNOWN', 'there is no such session')
        const note = { target: { type: 'session', id: session, name: user.username } }
        await record(client, request, note, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
