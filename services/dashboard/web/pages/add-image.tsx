import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { type Registry, siteApi } from '../site-api.ts'
import { TagFields, tagOf } from './tag-fields.tsx'

type Props = { registries: readonly Registry[]; onSaved: () => Promise<void>; onClose: () => void }

/** Adds an image with its first tag, which becomes the default. */
export function AddImage({ registries, onSaved, onClose }: Props) {
  return (
    <Modal title="Add image" onClose={onClose}>
      <Form
        submit="Add"
        onCancel={onClose}
        onSubmit={async (values) => {
          const { text } = values
          const image = { name: text('name'), registry: text('registry'), repository: text('repository') }
          await siteApi.addImage({ ...image, ...tagOf(values) })
          await onSaved()
        }}
      >
        <Field label="Name" name="name" required autoFocus autoComplete="off" maxLength={64} />
        <Choice label="Registry" name="registry" options={registries.map(({ id, name }) => [id, name])} />
        <Field
          label="Repository"
          name="repository"
          required
          autoComplete="off"
          spellCheck={false}
          maxLength={255}
          pattern="[a-z0-9]+([._\/\-]+[a-z0-9]+)*"
          hint="Its path in the registry, without the host: tools/java"
        />
        <TagFields />
      </Form>
    </Modal>
  )
}
