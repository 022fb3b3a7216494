import { Failure } from '@sealift/web/parts/failure.tsx'
import { ApiFailure, signedOut } from '@sealift/web/request.ts'
import { useCallback, useEffect, useState } from 'react'
import { goNext, rememberNext } from './after-login.ts'
import { api, type User } from './api.ts'
import { usePage } from './location.ts'
import { AccountPage } from './pages/account.tsx'
import { AuditPage } from './pages/audit.tsx'
import { DevUrlsPage } from './pages/dev-urls.tsx'
import { HealthPage } from './pages/health.tsx'
import { ImagesPage } from './pages/images.tsx'
import { LicensePage } from './pages/license.tsx'
import { LoginPage } from './pages/login.tsx'
import { OrganizationsPage } from './pages/organizations.tsx'
import { TerminalPage } from './pages/terminal.tsx'
import { UsersPage } from './pages/users.tsx'
import { WorkspacesPage } from './pages/workspaces.tsx'
import { Frame } from './parts/frame.tsx'

type Session =
  | { state: 'asking' }
  | { state: 'out' }
  | { state: 'in'; user: User }
  | { state: 'failed'; error: unknown }

/** The whole dashboard: asks who is logged in, then shows the login or the page of the address. */
export function Dashboard() {
  const [session, setSession] = useState<Session>({ state: 'asking' })
  const page = usePage()

  const ask = useCallback(
    () =>
      api.me().then(
        (user) => {
          if (!goNext()) setSession({ state: 'in', user })
        },
        (error: unknown) => {
          if (!(error instanceof ApiFailure) || error.status !== 401) setSession({ state: 'failed', error })
        },
      ),
    [],
  )
  useEffect(() => {
    const leave = (): void => setSession({ state: 'out' })
    addEventListener(signedOut, leave)
    rememberNext()
    void ask()
    return () => removeEventListener(signedOut, leave)
  }, [ask])

  if (session.state === 'asking') return <p className="waiting" aria-live="polite" />
  if (session.state === 'failed')
    return (
      <main className="alone">
        <Failure error={session.error} />
        <button type="button" onClick={ask}>
          Try again
        </button>
      </main>
    )
  if (session.state === 'out') return <LoginPage onLogin={ask} />
  const { user } = session
  return (
    <Frame user={user} page={page}>
      {page.name === 'workspaces' && <WorkspacesPage user={user} />}
      {page.name === 'license' && <LicensePage user={user} />}
      {page.name === 'users' && <UsersPage user={user} />}
      {page.name === 'organizations' && <OrganizationsPage user={user} />}
      {page.name === 'images' && <ImagesPage user={user} />}
      {page.name === 'audit' && <AuditPage />}
      {page.name === 'health' && <HealthPage />}
      {page.name === 'account' && <AccountPage user={user} />}
      {page.name === 'dev-urls' && <DevUrlsPage key={page.workspace} workspace={page.workspace} />}
      {page.name === 'terminal' && <TerminalPage key={page.workspace} workspace={page.workspace} />}
    </Frame>
  )
}
