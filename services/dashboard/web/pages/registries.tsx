import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Modal } from '@sealift/web/parts/modal.tsx'
import { PagePart } from '@sealift/web/parts/page.tsx'
import { useState } from 'react'
import { Entries } from '../parts/entries.tsx'
import { type Registry, siteApi } from '../site-api.ts'
import type { Loaded } from './use-loaded.ts'

type Props = {
  of: readonly Registry[]
  writes: boolean
  onChanged: () => Promise<void>
  change: Loaded<unknown>['change']
}

/** Where images come from. Credentials are no business of the dashboard: it knows the name of a Secret, no more. */
export function Registries({ of, writes, onChanged, change }: Props) {
  const [adding, setAdding] = useState(false)
  const close = (): void => setAdding(false)
  return (
    <PagePart
      title="Registries"
      action={
        writes && (
          <button type="button" onClick={() => setAdding(true)}>
            Add registry
          </button>
        )
      }
    >
      <Entries
        of={of}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        verb="Remove"
        stays={() => !writes}
        onRemove={({ id }) => void change(() => siteApi.removeRegistry(id))}
      >
        {({ name, host, pullSecret }) => (
          <>
            <strong>{name}</strong> <code>{host}</code>
            <span className="size">{pullSecret === null ? '' : `pulled with the secret ${pullSecret}`}</span>
          </>
        )}
      </Entries>
      {adding && (
        <Modal title="Add registry" onClose={close}>
          <Form
            submit="Add"
            onCancel={close}
            onSubmit={async ({ text }) => {
              const pullSecret = text('pullSecret') === '' ? null : text('pullSecret')
              await siteApi.addRegistry({ name: text('name'), host: text('host'), pullSecret })
              await onChanged()
              close()
            }}
          >
            <Field label="Name" name="name" required autoFocus autoComplete="off" maxLength={64} />
            <Field
              label="Host"
              name="host"
              required
              autoComplete="off"
              spellCheck={false}
              maxLength={255}
              pattern="[a-z0-9]([a-z0-9.\-]*[a-z0-9])?(:[0-9]{1,5})?"
              hint="Without https://, with a port where it has one"
            />
            <Field
              label="Pull secret"
              name="pullSecret"
              autoComplete="off"
              spellCheck={false}
              pattern="[a-z0-9]([a-z0-9.\-]*[a-z0-9])?"
              hint="The name of a Secret in the namespace of the workspaces, if the registry wants a login"
            />
          </Form>
        </Modal>
      )}
    </PagePart>
  )
}
