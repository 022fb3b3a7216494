import { Failure } from '@sealift/web/parts/failure.tsx'
import { PagePart } from '@sealift/web/parts/page.tsx'
import type { User } from '../api.ts'
import { browserName } from '../browser-name.ts'
import { Entries } from '../parts/entries.tsx'
import { type Session, siteApi } from '../site-api.ts'
import { minute } from '../when.ts'
import type { Loaded } from './use-loaded.ts'

/** Where one is logged in; any of them but this one can be ended. */
export function Sessions({ user, loaded }: { user: User; loaded: Loaded<Session[]> }) {
  const { value = [], error, change } = loaded
  return (
    <PagePart title="Where you are signed in">
      <Failure error={error} />
      <Entries
        of={value}
        keyOf={({ id }) => id}
        nameOf={(one) => `the session of ${browserName(one.userAgent)}, begun ${minute(one.createdAt)}`}
        verb="End"
        stays={({ current }) => current}
        onRemove={({ id }) => void change(() => siteApi.endSession(user.id, id))}
      >
        {({ userAgent, address, createdAt, lastUsedAt, current }) => (
          <>
            <strong title={userAgent ?? undefined}>{browserName(userAgent)}</strong>
            {current && <span className="badge badge-good">This one</span>}
            <span className="size">
              {address === null ? '' : `from ${address}, `}since {minute(createdAt)}
              {lastUsedAt === null ? '' : `, used ${minute(lastUsedAt)}`}
            </span>
          </>
        )}
      </Entries>
    </PagePart>
  )
}
