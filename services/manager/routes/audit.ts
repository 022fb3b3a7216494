import Type from 'typebox'
import { listAudit } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import { cutPage, pageOf, pageQuery } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { ErrorAnswer, Identifier, nullable } from './schemas.ts'

const Entry = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  actorId: nullable(Type.String()),
  actorName: nullable(Type.String()),
  via: Type.String({ description: 'session, api-key, login or system' }),
  address: nullable(Type.String()),
  action: Type.String(),
  targetType: Type.String(),
  targetId: nullable(Type.String()),
  targetName: nullable(Type.String()),
  details: Type.Record(Type.String(), Type.Unknown()),
})
/** Who changed what, when, and from where. */
export function auditRoutes(app: TypedInstance, { database }: Dependencies): void {
  app.get(
    '/api/v0/audit',
    {
      config: { permission: 'audit:read' },
      schema: {
        querystring: pageQuery('^[0-9]{1,18}$', {
          actor: Type.Optional(Identifier),
          target: Type.Optional(Type.String({ maxLength: 64 })),
          action: Type.Optional(Type.String({ maxLength: 64 })),
        }),
        response: { 200: Type.Array(Entry), '4xx': ErrorAnswer },
      },
    },
    async (request, reply) => {
      const page = pageOf(request.query)
      const rows = await listAudit(database, page, request.query)
      const entries = cutPage(request, reply, { rows, page, cursorOf: ({ id }) => id })
      return entries.map((entry) => ({ ...entry, at: entry.at.toISOString() }))
    },
  )
}
