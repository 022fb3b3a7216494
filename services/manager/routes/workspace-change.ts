import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { assertImageAllows, chooseImage } from '../images/choose.ts'
import { findImage } from '../images/store.ts'
import { assertAllowedSize, assertSiteHasGpus, type Size, withinQuota } from '../organizations/quota.ts'
import { findOrganization } from '../organizations/store.ts'
import type { TypedInstance } from '../schema-types.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import { changeWorkspace, type WorkspaceChange } from '../workspaces/change.ts'
import { findWorkspace, type Workspace } from '../workspaces/store.ts'
import { ErrorAnswer, IdParams, WorkspaceAnswer, WorkspaceRequest } from './schemas.ts'
import { noWorkspace } from './workspaces.ts'

const answers = { '4xx': ErrorAnswer }
const { cpu, memoryGiB, gpus, image, tag, autoOffMinutes } = WorkspaceRequest.properties

/** Editing and rebuilding workspaces: the pod is made anew, the home volume stays. */
export function workspaceChangeRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, reconciler, clock } = dependencies
  const show = async (workspace: Workspace) =>
    showWorkspace((await findWorkspace(database, workspace.id)) ?? workspace, engine.observe(workspace.id))

  /** The image after the change, with the size checked against it and the organization. */
  async function judge(
    workspace: Workspace,
    wish: { image: string | undefined; tag: string | undefined } | undefined,
    size: Omit<Size, 'diskGiB'>,
  ): Promise<WorkspaceChange['image']> {
    assertSiteHasGpus(dependencies.gpuResource, size)
    const chosen =
      wish === undefined
        ? undefined
        : await chooseImage(database, { image: wish.image ?? workspace.imageId ?? undefined, tag: wish.tag })
    const bounding =
      chosen?.image ?? (workspace.imageId === null ? undefined : await findImage(database, workspace.imageId))
    // a disk is never made smaller, so that a bound set later does not hold for it
    const whole = { ...size, diskGiB: 0 }
    if (bounding !== undefined) assertImageAllows(bounding, whole)
    const organization = await findOrganization(database, workspace.organizationId)
    if (organization !== undefined) assertAllowedSize(organization, whole)
    return chosen && { id: chosen.image.id, tag: chosen.tag, reference: chosen.reference }
  }

  app.patch(
    '/api/v0/workspaces/:id',
    {
      config: { permission: 'workspaces:write', audit: 'workspace.change' },
      schema: {
        params: IdParams,
        body: Type.Object(
          { cpu: Type.Optional(cpu), memoryGiB: Type.Optional(memoryGiB), gpus, image, tag, autoOffMinutes },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: WorkspaceAnswer, ...answers },
      },
    },
    async (request) => {
      const { id } = request.params
      const { body } = request
      const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      const { name, organizationId, ownerId } = workspace
      const size = {
        cpuMilli: body.cpu === undefined ? workspace.cpuMilli : Math.round(body.cpu * 1000),
        memoryGiB: body.memoryGiB ?? workspace.memoryGiB,
        gpus: body.gpus ?? workspace.gpus,
      }
      const wish = body.image === undefined && body.tag === undefined ? undefined : { image: body.image, tag: body.tag }
      const chosen = await judge(workspace, wish, size)
      const change: WorkspaceChange = {
        ...(body.cpu === undefined ? {} : { cpuMilli: size.cpuMilli }),
        ...(body.memoryGiB === undefined ? {} : { memoryGiB: size.memoryGiB }),
        ...(body.gpus === undefined ? {} : { gpus: size.gpus }),
        ...(chosen === undefined ? {} : { image: chosen }),
        ...(body.autoOffMinutes === undefined ? {} : { autoOffMinutes: body.autoOffMinutes }),
      }
      await transaction(database, async (client) => {
        await withinQuota(client, organizationId, ownerId, () => changeWorkspace(client, id, change, clock()))
        await record(client, request, { target: { type: 'workspace', id, name }, details: { ...body } }, clock())
      })
      reconciler.wake()
      return await show(workspace)
    },
  )

  app.post(
    '/api/v0/workspaces/:id/rebuild',
    {
      config: { permission: 'workspaces:write', audit: 'workspace.rebuild' },
      schema: { params: IdParams, response: { 200: WorkspaceAnswer, ...answers } },
    },
    async (request) => {
      const { id } = request.params
      const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      const image = await judge(workspace, { image: undefined, tag: undefined }, workspace)
      const change = { rebuild: true, ...(image === undefined ? {} : { image }) }
      await transaction(database, async (client) => {
        await changeWorkspace(client, id, change, clock())
        const note = {
          target: { type: 'workspace', id, name: workspace.name },
          details: { image: image?.reference ?? '' },
        }
        await record(client, request, note, clock())
      })
      reconciler.wake()
      return await show(workspace)
    },
  )
}
