import { Mark } from '@sealift/web/parts/mark.tsx'
import { tellSignedOut } from '@sealift/web/request.ts'
import type { ReactNode } from 'react'
import type { Permission } from '../../../manager/permissions.ts'
import { api, type User } from '../api.ts'
import type { Page } from '../location.ts'
import { may } from '../may.ts'
import { Link } from './link.tsx'
import { Notices } from './notices.tsx'

type Props = { user: User; page: Page; children: ReactNode }

const pages: [Page['name'], string, Permission][] = [
  ['workspaces', 'Workspaces', 'account:read'],
  ['users', 'Users', 'users:read'],
  ['organizations', 'Organizations', 'organizations:read'],
  ['images', 'Images', 'images:write'],
  ['audit', 'Audit', 'audit:read'],
  ['health', 'Health', 'health:read'],
  ['license', 'License', 'license:read'],
]

/** What surrounds every page: name, navigation, who is logged in. */
export function Frame({ user, page, children }: Props) {
  const current = (name: Page['name']) => (page.name === name ? { 'aria-current': 'page' as const } : {})
  const leave = (): void => {
    api.logout().then(tellSignedOut, tellSignedOut)
  }
  return (
    <div className={`frame frame-${page.name}`}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="bar">
        <Link href="/" className="home" aria-label="CDE, workspaces">
          <Mark name="CDE" />
        </Link>
        <nav aria-label="Pages">
          {pages
            .filter(([, , needed]) => may(user, needed))
            .map(([name, label]) => (
              <Link key={name} href={name === 'workspaces' ? '/' : `/${name}`} {...current(name)}>
                {label}
              </Link>
            ))}
        </nav>
        <div className="account">
          <Link href="/account" className="account-name" {...current('account')}>
            {user.username}
          </Link>
          <button type="button" className="quiet" onClick={leave}>
            Log out
          </button>
        </div>
      </header>
      <Notices />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}
