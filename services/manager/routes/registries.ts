import Type from 'typebox'
import { record } from '../audit.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { createRegistry, deleteRegistry, findRegistry, listRegistries } from '../images/registries.ts'
import type { TypedInstance } from '../schema-types.ts'
import { ErrorAnswer, IdParams, nullable } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const pullSecret = nullable(
  Type.String({
    maxLength: 253,
    pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
    description: "a Secret of Kubernetes in the workspaces' namespace; credentials never come here",
  }),
)
const RegistryAnswer = Type.Object({ id: Type.String(), name: Type.String(), host: Type.String(), pullSecret })

/** Where workspace images come from. */
export function registryRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  app.get(
    '/api/v0/registries',
    { config: { permission: 'images:read' }, schema: { response: { 200: Type.Array(RegistryAnswer), ...answers } } },
    async () => await listRegistries(database),
  )

  app.post(
    '/api/v0/registries',
    {
      config: { permission: 'images:write', audit: 'registry.create' },
      schema: {
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 64, pattern: '^[ -~]+$' }),
            host: Type.String({ maxLength: 255, pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$' }),
            pullSecret: Type.Optional(pullSecret),
          },
          { additionalProperties: false },
        ),
        response: { 201: RegistryAnswer, ...answers },
      },
    },
    async (request, reply) => {
      const { name, host, pullSecret = null } = request.body
      const registry = await transaction(database, async (client) => {
        const made = await createRegistry(client, { name, host, pullSecret })
        const note = { target: { type: 'registry', id: made.id, name }, details: { host, pullSecret } }
        await record(client, request, note, clock())
        return made
      })
      return reply.code(201).send(registry)
    },
  )

  app.delete(
    '/api/v0/registries/:id',
    {
      config: { permission: 'images:write', audit: 'registry.delete' },
      schema: { params: IdParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id } = request.params
      const registry = await findRegistry(database, id)
      if (registry === undefined) throw new ApiError(404, 'REGISTRY_UNKNOWN', `there is no registry ${id}`)
      await transaction(database, async (client) => {
        await deleteRegistry(client, id)
        await record(client, request, { target: { type: 'registry', id, name: registry.name } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
