import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { PageBody, PagePart } from '@sealift/web/parts/page.tsx'
import { useCallback } from 'react'
import type { User } from '../api.ts'
import { NewPassword } from '../parts/new-password.tsx'
import { siteApi } from '../site-api.ts'
import { ApiKeys } from './api-keys.tsx'
import { Sessions } from './sessions.tsx'
import { SshKeys } from './ssh-keys.tsx'
import { useLoaded } from './use-loaded.ts'

/** One's own keys, sessions and password. */
export function AccountPage({ user }: { user: User }) {
  const sshKeys = useLoaded(siteApi.sshKeys)
  const apiKeys = useLoaded(siteApi.apiKeys)
  const sessions = useLoaded(useCallback(() => siteApi.sessions(user.id), [user.id]))
  return (
    <PageBody title="Account">
      {/* all at once, so that none pushes another away */}
      {sshKeys.settled && apiKeys.settled && sessions.settled && (
        <>
          <SshKeys loaded={sshKeys} />
          <ApiKeys loaded={apiKeys} />
          <Sessions user={user} loaded={sessions} />
          <ChangePassword user={user} onChanged={sessions.reload} />
        </>
      )}
    </PageBody>
  )
}

function ChangePassword({ user, onChanged }: { user: User; onChanged: () => Promise<void> }) {
  return (
    <PagePart title="Password">
      <Form
        submit="Change"
        done="The password is changed."
        onSubmit={({ text }) => siteApi.changePassword(user.id, text('current'), text('password')).then(onChanged)}
      >
        <Field label="Current password" name="current" type="password" required autoComplete="current-password" />
        <NewPassword label="New password" hint=". Your other sessions end." />
      </Form>
    </PagePart>
  )
}
