import Type, { type Static } from 'typebox'
import { record } from '../audit.ts'
import { authorize, callerOf, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import type { TypedInstance } from '../schema-types.ts'
import { readPublicKey } from '../ssh/public-key.ts'
import { addSshKey, deleteSshKey, findSshKey, listSshKeys, type SshKey } from '../ssh/store.ts'
import { belonging } from '../users/target.ts'
import { ErrorAnswer, IdParams } from './schemas.ts'

const KeyAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  publicKey: Type.String(),
  fingerprint: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
})
const show = ({ id, name, publicKey, fingerprint, createdAt }: SshKey): Static<typeof KeyAnswer> => ({
  id,
  name,
  publicKey,
  fingerprint,
  createdAt: createdAt.toISOString(),
})

/** The caller's public keys for SSH into their workspaces. */
export function sshKeyRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  app.get(
    '/api/v0/ssh-keys',
    {
      config: { permission: 'ssh-keys:write' },
      schema: { response: { 200: Type.Array(KeyAnswer), '4xx': ErrorAnswer } },
    },
    async (request) => {
      reach(request, 'ssh-keys:write')
      return (await listSshKeys(database, callerOf(request).id)).map(show)
    },
  )

  app.post(
    '/api/v0/ssh-keys',
    {
      config: { permission: 'ssh-keys:write', audit: 'ssh-key.add', lines: true },
      schema: {
        body: Type.Object(
          {
            name: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[ -~]+$' })),
            key: Type.String({ minLength: 1, maxLength: 8192 }),
          },
          { additionalProperties: false },
        ),
        response: { 201: KeyAnswer, '4xx': ErrorAnswer },
      },
    },
    async (request, reply) => {
      reach(request, 'ssh-keys:write')
      const key = readPublicKey(request.body.key)
      const comment = key.comment.replace(/[^ -~]/g, '').slice(0, 64)
      const name = request.body.name ?? (comment || key.type)
      const added = await transaction(database, async (client) => {
        const made = await addSshKey(client, callerOf(request).id, name, key, clock())
        const note = { target: { type: 'ssh-key', id: made.id, name }, details: { fingerprint: key.fingerprint } }
        await record(client, request, note, clock())
        return made
      })
      return reply.code(201).send(show(added))
    },
  )

  app.delete(
    '/api/v0/ssh-keys/:id',
    {
      config: { permission: 'ssh-keys:write', audit: 'ssh-key.remove' },
      schema: { params: IdParams, response: { 204: Type.Null(), '4xx': ErrorAnswer } },
    },
    async (request, reply) => {
      const { id } = request.params
      const found = await belonging(database, await findSshKey(database, id))
      const unknown = new ApiError(404, 'SSH_KEY_UNKNOWN', `there is no SSH key ${id}`)
      const key = authorize(request, found, { read: 'ssh-keys:write', unknown })
      await transaction(database, async (client) => {
        await deleteSshKey(client, id)
        const note = { target: { type: 'ssh-key', id, name: key.name }, details: { fingerprint: key.fingerprint } }
        await record(client, request, note, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
