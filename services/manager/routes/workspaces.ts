import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize, callerOf, reach } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { assertImageAllows, chooseImage } from '../images/choose.ts'
import { assertAllowedSize, assertSiteHasGpus, withinQuota } from '../organizations/quota.ts'
import { defaultOrganization, findOrganization } from '../organizations/store.ts'
import { cutPage, NameFilter, pageOf, pageQuery } from '../paging.ts'
import type { TypedInstance } from '../schema-types.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import {
  cursorPattern,
  findWorkspace,
  insertWorkspace,
  listWorkspaces,
  setDesired,
  type Workspace,
} from '../workspaces/store.ts'
import { ErrorAnswer, IdParams, WorkspaceAnswer, WorkspaceRequest } from './schemas.ts'

const answers = { '4xx': ErrorAnswer }

/** What someone is told who may not see a workspace, or asks for one that is not there. */
export const noWorkspace = (id: string) => ({
  read: 'workspaces:read' as const,
  unknown: new ApiError(404, 'WORKSPACE_UNKNOWN', `there is no workspace ${id}`),
})

/** Creating, listing and deleting workspaces. */
export function workspaceRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, reconciler, clock } = dependencies
  const show = (workspace: Workspace) => showWorkspace(workspace, engine.observe(workspace.id), dependencies)

  app.get(
    '/api/v0/workspaces',
    {
      config: { permission: 'workspaces:read' },
      schema: {
        querystring: pageQuery(cursorPattern, { name: NameFilter }),
        response: { 200: Type.Array(WorkspaceAnswer), ...answers },
      },
    },
    async (request, reply) => {
      const page = pageOf(request.query)
      const rows = await listWorkspaces(database, reach(request, 'workspaces:read'), page, request.query.name)
      return cutPage(request, reply, { rows, page, cursorOf: ({ cursor }) => cursor }).map(show)
    },
  )

  app.post(
    '/api/v0/workspaces',
    {
      config: { permission: 'workspaces:create', audit: 'workspace.create' },
      schema: { body: WorkspaceRequest, response: { 201: WorkspaceAnswer, ...answers } },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { name, image, tag, cpu, memoryGiB, diskGiB, gpus = 0, autoOffMinutes = null } = request.body
      const organizationId = request.body.organization ?? organizationOf(caller.organizations)
      const found = await findOrganization(database, organizationId)
      const organization = authorize(request, found && { ...found, organizationId }, {
        read: 'organizations:read',
        unknown: new ApiError(404, 'ORGANIZATION_UNKNOWN', `there is no organization ${organizationId}`),
      })
      const chosen = await chooseImage(database, { image, tag })
      const size = { cpuMilli: Math.round(cpu * 1000), memoryGiB, diskGiB, gpus }
      assertSiteHasGpus(dependencies.gpuResource, size)
      assertImageAllows(chosen.image, size)
      assertAllowedSize(organization, size)
      const workspace = await transaction(database, async (client) => {
        const wanted = {
          organizationId,
          name,
          image: chosen.reference,
          imageId: chosen.image.id,
          tag: chosen.tag,
          autoOffMinutes,
          ...size,
        }
        const made = await withinQuota(client, organizationId, caller.id, () =>
          insertWorkspace(client, caller, wanted, clock()),
        )
        const details = { organization: organizationId, image: made.image, cpu, memoryGiB, diskGiB, gpus }
        await record(client, request, { target: { type: 'workspace', id: made.id, name }, details }, clock())
        return made
      })
      reconciler.wake()
      request.log.info({ workspace: workspace.id }, 'a workspace was created')
      return reply.code(201).header('location', `/api/v0/workspaces/${workspace.id}`).send(show(workspace))
    },
  )

  app.get(
    '/api/v0/workspaces/:id',
    {
      config: { permission: 'workspaces:read' },
      schema: { params: IdParams, response: { 200: WorkspaceAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      return show(authorize(request, await findWorkspace(database, id), noWorkspace(id)))
    },
  )

  app.delete(
    '/api/v0/workspaces/:id',
    {
      config: { permission: 'workspaces:write', audit: 'workspace.delete' },
      schema: { params: IdParams, response: { 204: Type.Null(), ...answers } },
    },
    async (request, reply) => {
      const { id } = request.params
      const { name } = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      await transaction(database, async (client) => {
        await setDesired(client, id, 'deleted', clock())
        await record(client, request, { target: { type: 'workspace', id, name } }, clock())
      })
      reconciler.wake()
      request.log.info({ workspace: id }, 'a workspace was deleted')
      return reply.code(204).send(null)
    },
  )
}

/** Where a workspace goes when nobody says so: the default organization, else the only one. */
function organizationOf(organizations: Readonly<Record<string, unknown>>): string {
  const ids = Object.keys(organizations)
  const [only] = ids
  return only !== undefined && ids.length === 1 ? only : defaultOrganization
}
