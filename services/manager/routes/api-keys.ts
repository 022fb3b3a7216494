import Type, { type Static } from 'typebox'
import { type ApiKey, createApiKey, deleteApiKey, findApiKey, listApiKeys } from '../api-keys.ts'
import { record } from '../audit.ts'
import { authorize, callerOf, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { scopes } from '../permissions.ts'
import type { TypedInstance } from '../schema-types.ts'
import { belonging } from '../users/target.ts'
import { ErrorAnswer, IdParams, nullable, oneOf } from './schemas.ts'

const day = 24 * 60 * 60 * 1000
const KeyAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time' }),
  lastUsedAt: nullable(Type.String({ format: 'date-time' })),
})
const show = ({ id, name, scopes, createdAt, expiresAt, lastUsedAt }: ApiKey): Static<typeof KeyAnswer> => ({
  id,
  name,
  scopes,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
})

/** API keys of the one who is logged in: a key can do what its scopes name and its user's roles allow. */
export function apiKeyRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  app.get(
    '/api/v0/api-keys',
    {
      config: { permission: 'api-keys:write' },
      schema: { response: { 200: Type.Array(KeyAnswer), '4xx': ErrorAnswer } },
    },
    async (request) => {
      reach(request, 'api-keys:write')
      return (await listApiKeys(database, callerOf(request).id)).map(show)
    },
  )

  app.post(
    '/api/v0/api-keys',
    {
      config: { permission: 'api-keys:write', audit: 'api-key.create' },
      schema: {
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 64, pattern: '^[ -~]+$' }),
            scopes: Type.Array(oneOf(scopes), { minItems: 1, maxItems: scopes.length, uniqueItems: true }),
            days: Type.Integer({ minimum: 1, maximum: 366, description: 'until it expires' }),
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ ...KeyAnswer.properties, token: Type.String({ description: 'shown this once' }) }),
          '4xx': ErrorAnswer,
        },
      },
    },
    async (request, reply) => {
      const { id: userId } = callerOf(request)
      reach(request, 'api-keys:write')
      const { name, scopes, days } = request.body
      const key = await transaction(database, async (client) => {
        const made = await createApiKey(client, userId, { name, scopes, lifetime: days * day }, clock())
        const note = { target: { type: 'api-key', id: made.id, name }, details: { scopes, days } }
        await record(client, request, note, clock())
        return made
      })
      return reply.code(201).send({ ...show(key), token: key.token })
    },
  )

  app.delete(
    '/api/v0/api-keys/:id',
    {
      config: { permission: 'api-keys:write', audit: 'api-key.delete' },
      schema: { params: IdParams, response: { 204: Type.Null(), '4xx': ErrorAnswer } },
    },
    async (request, reply) => {
      const { id } = request.params
      const found = await belonging(database, await findApiKey(database, id))
      const unknown = new ApiError(404, 'KEY_UNKNOWN', `there is no API key ${id}`)
      const key = authorize(request, found, { read: 'api-keys:write', unknown })
      await transaction(database, async (client) => {
        await deleteApiKey(client, id)
        await record(client, request, { target: { type: 'api-key', id, name: key.name } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
