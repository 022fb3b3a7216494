import Type from 'typebox'
import { listAudit } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
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
const pageSize = 100

/** Who changed what, when, and from where. */
export function auditRoutes(app: TypedInstance, { database }: Dependencies): void {
  app.get(
    '/api/v0/audit',
    {
      config: { permission: 'audit:read' },
      schema: {
        querystring: Type.Object(
          {
            before: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$', description: 'id of the page before' })),
            actor: Type.Optional(Identifier),
            target: Type.Optional(Type.String({ maxLength: 64 })),
            action: Type.Optional(Type.String({ maxLength: 64 })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            entries: Type.Array(Entry),
            next: nullable(Type.String({ description: 'pass it as `before` for older entries' })),
          }),
          '4xx': ErrorAnswer,
        },
      },
    },
    async (request) => {
      const entries = await listAudit(database, { ...request.query, limit: pageSize })
      return {
        entries: entries.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
        next: entries.length === pageSize ? (entries.at(-1)?.id ?? null) : null,
      }
    },
  )
}
