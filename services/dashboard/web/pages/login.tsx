import { Failure } from '@sealift/web/parts/failure.tsx'
import { Field } from '@sealift/web/parts/field.tsx'
import { Form } from '@sealift/web/parts/form.tsx'
import { Mark } from '@sealift/web/parts/mark.tsx'
import { useEffect, useState } from 'react'
import { api } from '../api.ts'
import { loginError } from './login-error.ts'

/** Asks for name and password, or sends to the site's identity provider where there is one. */
export function LoginPage({ onLogin }: { onLogin: () => Promise<void> }) {
  const [error, setError] = useState<unknown>(() => loginError(location.search))
  const [oidc, setOidc] = useState(false)

  useEffect(() => {
    document.title = 'Log in · CDE'
    // a reload should not tell of an old failure again
    if (location.search !== '') history.replaceState(null, '', location.pathname)
    api.loginMethods().then(
      (methods) => setOidc(methods.oidc),
      () => undefined,
    )
  }, [])

  return (
    <main className="login">
      <div className="card">
        <Mark name="CDE" />
        <h1>Log in</h1>
        <p className="lead">Your workspaces, on your own cluster.</p>
        <Failure error={error} />
        <Form
          submit="Log in"
          look="primary wide"
          onSubmit={({ text }) => {
            setError(undefined)
            return api.login(text('username'), text('password')).then(onLogin)
          }}
        >
          <Field label="User name" name="username" autoComplete="username" required maxLength={64} autoFocus />
          <Field
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            maxLength={256}
          />
        </Form>
        {oidc && (
          <div className="other-login">
            <a className="button wide" href="/auth/oidc/login">
              Log in with your organization
            </a>
          </div>
        )}
      </div>
    </main>
  )
}
