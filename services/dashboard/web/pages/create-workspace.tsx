import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { api } from '../api.ts'
import type { Image } from '../site-api.ts'
import { WorkspaceFields, wishOf } from './workspace-fields.tsx'

type Props = {
  images: readonly Image[]
  /** those that the user may create workspaces in: id and name */ organizations: readonly (readonly [string, string])[]
  onClose: () => void
}

/** Asks for a new workspace's name, image and size, and creates it. */
export function CreateWorkspace({ images, organizations, onClose }: Props) {
  return (
    <Modal title="New workspace" onClose={onClose}>
      <Form
        submit="Create"
        onCancel={onClose}
        onSubmit={async (values) => {
          const organization = values.text('organization')
          await api.create({
            name: values.text('name'),
            ...(organization === '' ? {} : { organization }),
            ...wishOf(values),
          })
          onClose()
        }}
      >
        <Field
          label="Name"
          name="name"
          required
          autoFocus
          autoComplete="off"
          spellCheck={false}
          pattern="[a-z]([a-z0-9\-]{0,30}[a-z0-9])?"
          hint="Small letters, digits and dashes, up to 32."
        />
        {organizations.length > 1 && <Choice label="Organization" name="organization" options={organizations} />}
        <WorkspaceFields images={images} />
      </Form>
    </Modal>
  )
}
