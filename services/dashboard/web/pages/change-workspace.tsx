import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { api, type Workspace, type WorkspaceWish } from '../api.ts'
import type { Image } from '../site-api.ts'
import { WorkspaceFields, wishOf } from './workspace-fields.tsx'

type Props = { workspace: Workspace; images: readonly Image[]; onClose: () => void }

/** Changes a workspace's image, size, or when it stops by itself. */
export function ChangeWorkspace({ workspace, images, onClose }: Props) {
  return (
    <Modal title={`Change ${workspace.name}`} onClose={onClose}>
      <Form
        submit="Save"
        onCancel={onClose}
        onSubmit={async (values) => {
          const change = differences(workspace, wishOf(values))
          if (Object.keys(change).length > 0) await api.change(workspace.id, change)
          onClose()
        }}
      >
        <WorkspaceFields images={images} workspace={workspace} />
        <p className="hint">
          Another image, tag, memory or number of cores or GPUs rebuilds it: programs in it end, and only the home
          directory stays. The disk can grow, where the site's storage lets it, but not shrink.
        </p>
      </Form>
    </Modal>
  )
}

/** The part of a wish that is not so already; what is sent of image and tag rebuilds, so they go together or not at all. */
export function differences(workspace: Workspace, { image, tag, ...rest }: WorkspaceWish): WorkspaceWish {
  const same = (image ?? workspace.imageId) === workspace.imageId && (tag ?? workspace.tag) === workspace.tag
  const changed = Object.entries(rest).filter(([name, value]) => workspace[name as keyof typeof rest] !== value)
  return { ...Object.fromEntries(changed), ...(same ? {} : { image, tag }) } as WorkspaceWish
}
