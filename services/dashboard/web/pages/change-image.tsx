import { Choice, Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { type Image, type ImageSizes, siteApi } from '../site-api.ts'

type Props = { image: Image; onSaved: () => Promise<void>; onClose: () => void }

/** By row: what new workspaces get, and the most that one may have, with what the API allows. */
const sizes: { name: keyof ImageSizes; bound: keyof ImageSizes; label: string; step: number; max: number }[] = [
  { name: 'cpu', bound: 'maxCpu', label: 'Cores', step: 0.25, max: 64 },
  { name: 'memoryGiB', bound: 'maxMemoryGiB', label: 'Memory (GiB)', step: 1, max: 512 },
  { name: 'diskGiB', bound: 'maxDiskGiB', label: 'Disk (GiB)', step: 1, max: 4096 },
  { name: 'gpus', bound: 'maxGpus', label: 'GPUs', step: 1, max: 64 },
]

/** Changes what an image is called, its default tag and sizes, and whether new workspaces may use it. */
export function ChangeImage({ image, onSaved, onClose }: Props) {
  const fields = (which: 'name' | 'bound') => (
    <div className="fields">
      {sizes.map((size) => (
        <Field
          key={size.name}
          label={size.label}
          name={size[which]}
          type="number"
          min={size.name === 'gpus' ? 0 : size.step}
          max={size.max}
          step={size.step}
          defaultValue={image.sizes[size[which]] ?? ''}
          required={which === 'name'}
        />
      ))}
    </div>
  )
  return (
    <Modal title={`Change ${image.name}`} onClose={onClose}>
      <Form
        submit="Save"
        onCancel={onClose}
        onSubmit={async ({ text, amount, checked }) => {
          const wanted = Object.fromEntries(
            sizes.flatMap(({ name, bound }) => [
              [name, amount(name)],
              [bound, amount(bound)],
            ]),
          ) as ImageSizes
          await siteApi.changeImage(image.id, {
            ...(text('name') === image.name ? {} : { name: text('name') }),
            defaultTag: text('defaultTag'),
            deprecated: checked('deprecated'),
            sizes: wanted,
          })
          await onSaved()
        }}
      >
        <Field
          label="Name"
          name="name"
          required
          autoFocus
          defaultValue={image.name}
          autoComplete="off"
          maxLength={64}
        />
        <Choice
          label="Default tag"
          name="defaultTag"
          defaultValue={image.defaultTag}
          options={image.tags.map(({ tag }) => [tag, tag])}
        />
        <fieldset>
          <legend>What new workspaces get unless people choose otherwise</legend>
          {fields('name')}
        </fieldset>
        <fieldset>
          <legend>The most that one workspace may have; empty: no bound</legend>
          {fields('bound')}
        </fieldset>
        <label className="check">
          <input type="checkbox" name="deprecated" defaultChecked={image.deprecated} />
          Deprecated: no new workspaces of it
        </label>
      </Form>
    </Modal>
  )
}
