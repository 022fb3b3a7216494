import { Confirm } from '@sealift/web/parts/confirm.tsx'
import { Failure } from '@sealift/web/parts/failure.tsx'
import { PageBody } from '@sealift/web/parts/page.tsx'
import { Table } from '@sealift/web/parts/table.tsx'
import { ApiFailure } from '@sealift/web/request.ts'
import { useState } from 'react'
import { api, type User, type Workspace } from '../api.ts'
import { may } from '../may.ts'
import { Search } from '../parts/search.tsx'
import { ShowMore } from '../parts/show-more.tsx'
import { type Image, siteApi } from '../site-api.ts'
import { ChangeWorkspace } from './change-workspace.tsx'
import { CreateWorkspace } from './create-workspace.tsx'
import { useLoaded } from './use-loaded.ts'
import { useWorkspaces } from './use-workspaces.ts'
import { WorkspaceRow } from './workspace-row.tsx'

type Open = { dialog: 'create' } | { dialog: 'change' | 'rebuild' | 'delete'; workspace: Workspace }

/** The list of workspaces: statuses refresh by themselves; everything that can be done with them begins here. */
export function WorkspacesPage({ user }: { user: User }) {
  const { workspaces, more, paged, name, find, error, refresh } = useWorkspaces()
  const choices = useLoaded(loadChoices)
  const [open, setOpen] = useState<Open>()
  const [failure, setFailure] = useState<unknown>()
  const showOwner = user.role !== 'site-member'
  const images = choices.value?.images ?? []

  const change = (action: Promise<unknown>): void => {
    setFailure(undefined)
    action.catch(setFailure).finally(refresh)
  }
  const close = (): void => {
    setOpen(undefined)
    refresh()
  }

  return (
    <PageBody
      title="Workspaces"
      action={
        <button type="button" className="primary" onClick={() => setOpen({ dialog: 'create' })}>
          New workspace
        </button>
      }
    >
      <Failure error={failure ?? error ?? choices.error} />
      {paged && <Search label="Find a workspace" onSearch={find} />}
      {workspaces?.length === 0 && name === '' && (
        <div className="empty">
          <h2>No workspaces yet</h2>
          <p>A workspace is a Linux machine of your own in the cluster. Its home directory stays when it is rebuilt.</p>
        </div>
      )}
      {choices.settled && workspaces !== undefined && workspaces.length > 0 && (
        <Table columns={['Name', 'Status', 'Size', ...(showOwner ? ['Owner'] : [])]} actions>
          {workspaces.map((workspace) => (
            <WorkspaceRow
              key={workspace.id}
              workspace={workspace}
              image={images.find(({ id }) => id === workspace.imageId)?.name}
              showOwner={showOwner}
              rebuilds={workspace.owner.id === user.id || may(user, 'workspaces:rebuild')}
              own={workspace.owner.id === user.id}
              onEditorOff={(why) => setFailure(new ApiFailure(409, why))}
              onStart={() => change(api.start(workspace.id))}
              onStop={() => change(api.stop(workspace.id))}
              onOpen={(dialog) => setOpen({ dialog, workspace })}
            />
          ))}
        </Table>
      )}
      <ShowMore more={more} />
      {open?.dialog === 'create' && choices.value !== undefined && (
        <CreateWorkspace {...choices.value} onClose={close} />
      )}
      {open?.dialog === 'change' && <ChangeWorkspace workspace={open.workspace} images={images} onClose={close} />}
      {open?.dialog === 'rebuild' && (
        <Confirm
          title={`Rebuild ${open.workspace.name}?`}
          submit="Rebuild"
          onConfirm={() => api.rebuild(open.workspace.id)}
          onClose={close}
        >
          <p>
            It starts anew from {rebuildsFrom(open.workspace, images)}. Programs that run in it end, and what was
            installed outside the home directory is gone; everything in the home directory stays.
          </p>
        </Confirm>
      )}
      {open?.dialog === 'delete' && (
        <Confirm
          title={`Delete ${open.workspace.name}?`}
          submit="Delete"
          onConfirm={() => api.remove(open.workspace.id)}
          onClose={close}
        >
          <p>The workspace and everything in its home directory are deleted. This cannot be undone.</p>
        </Confirm>
      )}
    </PageBody>
  )
}

/** What new workspaces can be made of, and in which organizations. */
async function loadChoices() {
  const [images, organizations, user] = await Promise.all([siteApi.images(), siteApi.organizationNames(), api.me()])
  const inAll = may({ ...user, organizations: {} }, 'workspaces:create')
  const mine = organizations.filter(({ id }) => inAll || user.organizations?.[id] !== undefined)
  return { images, organizations: mine.map(({ id, name }) => [id, name] as const) }
}

/** What a rebuild takes: the default tag of the image, whichever the workspace has now. */
function rebuildsFrom({ imageId, tag }: Workspace, images: readonly Image[]): string {
  const image = images.find(({ id }) => id === imageId)
  if (image === undefined) return 'its image'
  const { name, defaultTag } = image
  return defaultTag === tag ? `${name} ${tag}` : `${name} ${defaultTag}, which is the default now, instead of ${tag}`
}
