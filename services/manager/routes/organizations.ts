import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { usageOf } from '../organizations/quota.ts'
import {
  changeOrganization,
  createOrganization,
  deleteOrganization,
  findOrganization,
  listOrganizations,
} from '../organizations/store.ts'
import { cutPage, pageOf, pageQuery, printable } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { boundsOf, OrganizationAnswer, OrganizationChange, OrganizationName, showOrganization } from './bounds.ts'
import { ErrorAnswer, IdParams } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }
const write = 'organizations:write'

/** An organization as a target of authorization. */
export async function organizationTarget(database: Dependencies['database'], id: string) {
  const organization = await findOrganization(database, id)
  return organization && { ...organization, organizationId: id }
}

/** What someone is told who may not see an organization, or asks for one that is not there. */
export const noOrganization = (id: string) => ({
  read: 'organizations:read' as const,
  unknown: new ApiError(404, 'ORGANIZATION_UNKNOWN', `there is no organization ${id}`),
})

/** Organizations with their quotas and limits. */
export function organizationRoutes(app: TypedInstance, { database, clock }: Dependencies): void {
  const answer = async (id: string) => {
    const organization = await findOrganization(database, id)
    if (organization === undefined) throw noOrganization(id).unknown
    return showOrganization(organization, await usageOf(database, id))
  }

  app.get(
    '/api/v0/organizations',
    {
      config: { permission: 'organizations:read' },
      schema: {
        querystring: pageQuery(printable, {}),
        response: { 200: Type.Array(OrganizationAnswer), ...answers },
      },
    },
    async (request, reply) => {
      const within = reach(request, 'organizations:read')
      const page = pageOf(request.query)
      const rows = await listOrganizations(database, within.all ? undefined : within.organizationIds, page)
      return cutPage(request, reply, { rows, page, cursorOf: ({ name }) => name }).map((one) => showOrganization(one))
    },
  )

  app.post(
    '/api/v0/organizations',
    {
      config: { permission: write, audit: 'organization.create' },
      schema: {
        body: Type.Object({ name: OrganizationName }, { additionalProperties: false }),
        response: { 201: OrganizationAnswer, ...answers },
      },
    },
    async (request, reply) => {
      const { name } = request.body
      const id = await transaction(database, async (client) => {
        const made = await createOrganization(client, name)
        await record(client, request, { target: { type: 'organization', id: made, name } }, clock())
        return made
      })
      return reply
        .code(201)
        .header('location', `/api/v0/organizations/${id}`)
        .send(await answer(id))
    },
  )

  app.get(
    '/api/v0/organizations/:id',
    {
      config: { permission: 'organizations:read' },
      schema: { params: IdParams, response: { 200: OrganizationAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      authorize(request, await organizationTarget(database, id), noOrganization(id))
      return await answer(id)
    },
  )

  app.patch(
    '/api/v0/organizations/:id',
    {
      config: { permission: write, audit: 'organization.change' },
      schema: { params: IdParams, body: OrganizationChange, response: { 200: OrganizationAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      const { name } = authorize(request, await organizationTarget(database, id), noOrganization(id))
      const bounds = boundsOf(request.body)
      const change = { ...bounds, ...(request.body.name === undefined ? {} : { name: request.body.name }) }
      await transaction(database, async (client) => {
        await changeOrganization(client, id, change)
        await record(client, request, { target: { type: 'organization', id, name }, details: change }, clock())
      })
      return await answer(id)
    },
  )

  app.delete(
    '/api/v0/organizations/:id',
    {
      config: { permission: write, audit: 'organization.delete' },
      schema: { params: IdParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id } = request.params
      const { name } = authorize(request, await organizationTarget(database, id), noOrganization(id))
      await transaction(database, async (client) => {
        await deleteOrganization(client, id)
        await record(client, request, { target: { type: 'organization', id, name } }, clock())
      })
      return reply.code(204).send(null)
    },
  )
}
