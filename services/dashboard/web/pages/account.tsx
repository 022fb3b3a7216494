import { useCallback } from 'react'
import type { User } from '../api.ts'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import { PageBody, PagePart } from '../parts/page.tsx'
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
