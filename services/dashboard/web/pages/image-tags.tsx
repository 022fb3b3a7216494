import { Failure } from '@sealift/web/parts/failure.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { useState } from 'react'
import { Entries } from '../parts/entries.tsx'
import { type Image, siteApi } from '../site-api.ts'
import { TagFields, tagOf } from './tag-fields.tsx'

type Props = { image: Image; onChanged: () => Promise<void>; onClose: () => void }

/** The tags of an image: which there are, one more, one less. */
export function ImageTags({ image, onChanged, onClose }: Props) {
  const [error, setError] = useState<unknown>()
  return (
    <Modal title={`Tags of ${image.name}`} onClose={onClose}>
      <Entries
        of={image.tags}
        keyOf={({ tag }) => tag}
        nameOf={({ tag }) => tag}
        verb="Remove"
        stays={({ tag }) => tag === image.defaultTag}
        onRemove={({ tag }) => {
          setError(undefined)
          void siteApi.removeTag(image.id, tag).then(onChanged, setError)
        }}
      >
        {({ tag, reference }) => (
          <>
            <strong>{tag}</strong>
            {tag === image.defaultTag && <span className="badge">Default</span>}
            {reference.includes('@') ? (
              <code>{reference.split('@')[1]}</code>
            ) : (
              <span className="size">whatever the registry has</span>
            )}
          </>
        )}
      </Entries>
      <Failure error={error} />
      <Form
        submit="Add tag"
        onCancel={onClose}
        cancel="Close"
        onSubmit={(values) => {
          const { tag, digest } = tagOf(values)
          return siteApi.putTag(image.id, tag, digest).then(onChanged)
        }}
      >
        <TagFields />
      </Form>
    </Modal>
  )
}
