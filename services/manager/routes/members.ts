import type { FastifyRequest } from 'fastify'
import Type from 'typebox'
import { record } from '../audit.ts'
import { assertMayAppoint, authorize, callerOf } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { listMembers, putMember, removeMember } from '../organizations/store.ts'
import { cutPage, NameFilter, pageOf, pageQuery, printable } from '../paging.ts'
import { organizationRoles } from '../permissions.ts'
import type { TypedInstance } from '../schema-types.ts'
import { findUser } from '../users/store.ts'
import { noOrganization, organizationTarget } from './organizations.ts'
import { ErrorAnswer, Identifier, IdParams, oneOf } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const MemberParams = Type.Object({ id: Identifier, user: Identifier }, { additionalProperties: false })
const MemberAnswer = Type.Object({
  id: Type.String(),
  username: Type.String(),
  active: Type.Boolean(),
  role: oneOf(organizationRoles),
})

/** Who belongs to an organization, and in which role. */
export function memberRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  /**
   * The organization and the user. Anyone can be its member, those who may do more at the site too: it gives nobody a say in
   * what that person runs.
   */
  async function membership(request: FastifyRequest, { id, user: userId }: { id: string; user: string }) {
    const organization = authorize(request, await organizationTarget(database, id), noOrganization(id))
    const user = await findUser(database, userId)
    if (user === undefined) throw new ApiError(404, 'USER_UNKNOWN', `there is no user ${userId}`)
    return { organization, username: user.username }
  }

  app.get(
    '/api/v0/organizations/:id/members',
    {
      config: { permission: 'members:read' },
      schema: {
        params: IdParams,
        querystring: pageQuery(printable, { name: NameFilter }),
        response: { 200: Type.Array(MemberAnswer), ...answers },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      authorize(request, await organizationTarget(database, id), noOrganization(id))
      const page = pageOf(request.query)
      const rows = await listMembers(database, id, page, request.query.name)
      return cutPage(request, reply, { rows, page, cursorOf: ({ username }) => username })
    },
  )

  app.put(
    '/api/v0/organizations/:id/members/:user',
    {
      config: { permission: 'members:write', audit: 'member.put' },
      schema: {
        params: MemberParams,
        body: Type.Object({ role: oneOf(organizationRoles) }, { additionalProperties: false }),
        response: { 204: Type.Null(), ...answers },
      },
    },
    async (request, reply) => {
      const { id, user } = request.params
      const { role } = request.body
      const { organization, username } = await membership(request, request.params)
      assertMayAppoint(callerOf(request), role)
      await transaction(database, async (client) => {
        await putMember(client, id, user, role)
        const details = { organization: id, organizationName: organization.name, role }
        await record(client, request, { target: { type: 'user', id: user, name: username }, details }, clock())
      })
      return reply.code(204).send(null)
    },
  )

  app.delete(
    '/api/v0/organizations/:id/members/:user',
    {
      config: { permission: 'members:write', audit: 'member.remove' },
      schema: { params: MemberParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id, user } = request.params
      const { organization, username } = await membership(request, request.params)
      await transaction(database, async (client) => {
        if (!(await removeMember(client, id, user)))
          throw new ApiError(404, 'MEMBER_UNKNOWN', `${username} is not a member of ${organization.name}`)
        const details = { organization: id, organizationName: organization.name }
        await record(client, request, { target: { type: 'user', id: user, name: username }, details }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
