import Type from 'typebox'
import { record } from '../audit.ts'
import { authorize } from '../authorization.ts'
import { transaction } from '../database.ts'
import type { Dependencies } from '../dependencies.ts'
import { ApiError } from '../errors.ts'
import { assertImageAllows, chooseImage } from '../images/choose.ts'
import { findImage } from '../images/store.ts'
import { assertAllowedSize, assertSiteHasGpus, type Size, withinQuota } from '../organizations/quota.ts'
import { findOrganization } from '../organizations/store.ts'
import type { TypedInstance } from '../schema-types.ts'
import { showWorkspace } from '../workspaces/answer.ts'
import { changeWorkspace, type WorkspaceChange } from '../workspaces/change.ts'
import { growHome } from '../workspaces/grow-home.ts'
import { findWorkspace, type Workspace } from '../workspaces/store.ts'
import { ErrorAnswer, IdParams, WorkspaceAnswer, WorkspaceRequest } from './schemas.ts'
import { noWorkspace } from './workspaces.ts'

const answers = { '4xx': ErrorAnswer }
const { cpu, memoryGiB, diskGiB, gpus, image, tag, autoOffMinutes } = WorkspaceRequest.properties

/** Editing and rebuilding workspaces: the pod is made anew, the home volume stays. */
export function workspaceChangeRoutes(app: TypedInstance, dependencies: Dependencies): void {
  const { database, engine, reconciler, clock } = dependencies
  const show = async (workspace: Workspace) =>
    showWorkspace(
      (await findWorkspace(database, workspace.id)) ?? workspace,
      engine.observe(workspace.id),
      dependencies,
    )

  /** The image after the change, with the size checked against it and the organization. */
  async function judge(
    workspace: Workspace,
    wish: { image: string | undefined; tag: string | undefined } | undefined,
    size: Size,
  ): Promise<WorkspaceChange['image']> {
    assertSiteHasGpus(dependencies.gpuResource, size)
    const chosen =
      wish === undefined
        ? undefined
        : await chooseImage(database, { image: wish.image ?? workspace.imageId ?? undefined, tag: wish.tag })
    const bounding =
      chosen?.image ?? (workspace.imageId === null ? undefined : await findImage(database, workspace.imageId))
    // a disk is never made smaller: where it stays, a bound set later does not hold for it
    const asked = { ...size, diskGiB: size.diskGiB === workspace.diskGiB ? 0 : size.diskGiB }
    if (bounding !== undefined) assertImageAllows(bounding, asked)
    const organization = await findOrganization(database, workspace.organizationId)
    if (organization !== undefined) assertAllowedSize(organization, asked)
    return chosen && { id: chosen.image.id, tag: chosen.tag, reference: chosen.reference }
  }

  app.patch(
    '/api/v0/workspaces/:id',
    {
      config: { permission: 'workspaces:write', audit: 'workspace.change' },
      schema: {
        params: IdParams,
        body: Type.Object(
          {
            cpu: Type.Optional(cpu),
            memoryGiB: Type.Optional(memoryGiB),
            diskGiB: Type.Optional(diskGiB),
            gpus,
            image,
            tag,
            autoOffMinutes,
          },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: WorkspaceAnswer, ...answers },
      },
    },
    async (request) => {
      const { id } = request.params
      const { body } = request
      const workspace = authorize(request, await findWorkspace(database, id), noWorkspace(id))
      const wish = body.image === undefined && body.tag === undefined ? undefined : { image: body.image, tag: body.tag }
      if (wish !== undefined) authorize(request, workspace, noWorkspace(id), 'workspaces:rebuild')
      const { name, organizationId, ownerId } = workspace
      const size = {
        cpuMilli: body.cpu === undefined ? workspace.cpuMilli : Math.round(body.cpu * 1000),
        memoryGiB: body.memoryGiB ?? workspace.memoryGiB,
        diskGiB: body.diskGiB ?? workspace.diskGiB,
        gpus: body.gpus ?? workspace.gpus,
      }
      const grows = size.diskGiB > workspace.diskGiB
      if (size.diskGiB < workspace.diskGiB)
        throw new ApiError(422, 'WORKSPACE_DISK_SMALLER', `the disk has ${workspace.diskGiB} GiB already`, {
          why: 'a disk can grow, not shrink',
        })
      if (grows && !workspace.homeMade)
        throw new ApiError(409, 'WORKSPACE_DISK_FIXED', 'the disk is not made yet', { fix: 'wait until it is on' })
      const chosen = await judge(workspace, wish, size)
      const change: WorkspaceChange = {
        ...(body.cpu === undefined ? {} : { cpuMilli: size.cpuMilli }),
        ...(body.memoryGiB === undefined ? {} : { memoryGiB: size.memoryGiB }),
        ...(body.gpus === undefined ? {} : { gpus: size.gpus }),
        ...(grows ? { diskGiB: size.diskGiB } : {}),
        ...(chosen === undefined ? {} : { image: chosen }),
        ...(body.autoOffMinutes === undefined ? {} : { autoOffMinutes: body.autoOffMinutes }),
      }
      await transaction(database, async (client) => {
        await withinQuota(client, organizationId, ownerId, () => changeWorkspace(client, id, change, clock()))
        await record(client, request, { target: { type: 'workspace', id, name }, details: { ...body } }, clock())
        // last, so that a refusal undoes the rest; when the commit fails, the disk is larger than noted, and can be asked for again
        if (grows) await growHome(engine, id, size.diskGiB)
      })
      reconciler.wake()
      return await show(workspace)
    },
  )

  app.post(
    '/api/v0/workspaces/:id/rebuild',
    {
      config: { permission: 'workspaces:rebuild', audit: 'workspace.rebuild' },
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
