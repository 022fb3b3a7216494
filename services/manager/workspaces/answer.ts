import type { Static } from 'typebox'
import { devUrlAddress, type SiteHosts } from '../dev-urls/address.ts'
import { editorLabel } from '../dev-urls/label.ts'
import type { WorkspaceAnswer } from '../routes/schemas.ts'
import type { Observation } from './engine.ts'
import { statusOf } from './status.ts'
import type { Workspace } from './store.ts'

/** A workspace as the API shows it. */
export function showWorkspace(
  workspace: Workspace,
  seen: Observation,
  hosts: SiteHosts,
): Static<typeof WorkspaceAnswer> {
  const { status, message } = statusOf(workspace, seen)
  const editorUrl = devUrlAddress(editorLabel(workspace.id), hosts) ?? null
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
    editorUrl,
    ...(editorUrl === null ? { editorOff } : {}),
  }
}

/** Why nobody opens an editor at this site. */
const editorOff = {
  code: 'EDITOR_OFF',
  message: 'this site has no host name for editors',
  why: 'an editor shows pages of its workspace, which must not be pages of the site itself',
  fix: 'an operator sets devurls.host or editors.host of the chart',
}
