import { Failure } from '@sealift/web/parts/failure.tsx'
import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { PagePart } from '@sealift/web/parts/page.tsx'
import { Entries } from '../parts/entries.tsx'
import { type SshKey, siteApi } from '../site-api.ts'
import type { Loaded } from './use-loaded.ts'

/** Public keys that open one's workspaces by SSH. */
export function SshKeys({ loaded }: { loaded: Loaded<SshKey[]> }) {
  const { value = [], error, reload, change } = loaded
  return (
    <PagePart title="SSH keys">
      <Failure error={error} />
      <Entries
        of={value}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        verb="Remove"
        onRemove={({ id }) => void change(() => siteApi.removeSshKey(id))}
      >
        {({ name, fingerprint }) => (
          <>
            <strong>{name}</strong> <code>{fingerprint}</code>
          </>
        )}
      </Entries>
      <Form submit="Add key" onSubmit={({ text }) => siteApi.addSshKey(text('key')).then(reload)}>
        <Field
          label="Public key"
          name="key"
          required
          autoComplete="off"
          spellCheck={false}
          maxLength={8192}
          hint="The one line of ~/.ssh/id_ed25519.pub"
        />
      </Form>
    </PagePart>
  )
}
