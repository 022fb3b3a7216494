import type { Static } from 'typebox'
import type { WorkspaceAnswer } from '../routes/schemas.ts'
import type { Observation } from './engine.ts'
import { statusOf } from './status.ts'
import type { Workspace } from './store.ts'

/** A workspace as the API shows it. */
export function showWorkspace(workspace: Workspace, seen: Observation): Static<typeof WorkspaceAnswer> {
  const { status, message } = statusOf(workspace, seen)
  return {
    id: workspace.id,
    name: workspace.name,
    owner: { id: workspace.ownerId, username: workspace.ownerName },
    organization: workspace.organizationId,
    image: workspace.image,
    cpu: workspace.cpuMilli / 1000,
    memoryGiB: workspace.memoryGiB,
    diskGiB: workspace.diskGiB,
    gpus: workspace.gpus,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    imageId: workspace.imageId,
    tag: workspace.tag,
    autoOffMinutes: workspace.autoOffMinutes,
    lastActiveAt: workspace.lastActiveAt?.toISOString() ?? null,
    createdAt: workspace.createdAt.toISOString(),
  }
}
