import Type from 'typebox'
import { allowed } from '../authorization.ts'
import { credentialHolds, credentialPattern } from '../credential.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { listSshKeys } from '../ssh/store.ts'
import { noteActivity } from '../workspaces/activity.ts'
import { openableBy, workspaceByNames } from '../workspaces/lookup.ts'
import { statusOf } from '../workspaces/status.ts'
import { ErrorAnswer, Identifier } from './schemas.ts'

const internal = { permission: 'internal', audit: false } as const
const quiet = { config: internal, logLevel: 'warn' as const }
const answers = { '4xx': ErrorAnswer }
const agentPort = 26337

/** What the envproxy asks and tells. */
export function internalRoutes(app: TypedInstance, { database, engine, tickets, clock }: Dependencies): void {
  app.post(
    '/internal/activity',
    {
      ...quiet,
      schema: {
        body: Type.Object({ workspaces: Type.Array(Identifier, { maxItems: 1000 }) }, { additionalProperties: false }),
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      await noteActivity(database, request.body.workspaces, clock())
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/internal/access',
    {
      ...quiet,
      schema: {
        querystring: Type.Object(
          {
            user: Identifier,
            workspace: Identifier,
            port: Type.String({ pattern: '^[0-9]{1,5}$' }),
            credential: Type.String({ pattern: credentialPattern }),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ grant: Type.Optional(Type.String()) }), ...answers },
      },
    },
    async (request) => {
      const { user, workspace, port, credential } = request.query
      const holds = await credentialHolds(database, { user, credential }, clock())
      const found = holds ? await openableBy(database, { user, workspace }) : undefined
      const may =
        found !== undefined &&
        allowed(
          { ...found.user, organizations: {}, via: 'session', credential: '', scopes: undefined },
          'workspaces:open',
          found,
        ) &&
        (Number(port) === agentPort || found.ownerId === user)
      if (!may) throw new ApiError(403, 'ACCESS_ENDED', 'this user may no longer use this workspace')
      const grant = await tickets.signGrant({ user, workspace, port: Number(port) }, clock())
      return grant === undefined ? {} : { grant }
    },
  )

  app.get(
    '/internal/ssh/:user/:workspace',
    {
      ...quiet,
      schema: {
        params: Type.Object(
          { user: Type.String({ maxLength: 64 }), workspace: Type.String({ maxLength: 64 }) },
          { additionalProperties: false },
        ),
        querystring: Type.Object(
          { key: Type.Optional(Type.String({ pattern: '^SHA256:[A-Za-z0-9+/]{43}$' })) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            workspace: Type.String(),
            user: Type.String(),
            status: Type.String(),
            keys: Type.Array(Type.Object({ id: Type.String(), key: Type.String() })),
            grant: Type.Optional(Type.String()),
          }),
          ...answers,
        },
      },
    },
    async (request) => {
      const found = await workspaceByNames(database, request.params.user, request.params.workspace)
      if (found === undefined) throw new ApiError(404, 'SSH_UNKNOWN', 'there is no such user and workspace')
      const { id, ownerId } = found
      const { status } = statusOf(found, engine.observe(id))
      const { key } = request.query
      const runs = status === 'ON' || status === 'UNKNOWN'
      const grant =
        key === undefined || !runs ? undefined : await tickets.signSsh({ user: ownerId, workspace: id, key }, clock())
      const keys = (await listSshKeys(database, ownerId)).map((one) => ({ id: one.id, key: one.publicKey }))
      return { workspace: id, user: ownerId, status, keys, ...(grant === undefined ? {} : { grant }) }
    },
  )
}
