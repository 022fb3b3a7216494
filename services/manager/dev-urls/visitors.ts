import type { Queryable } from '../database.ts'
import type { DevUrl } from './store.ts'

/**
 * Whether a user may open a dev URL: one who is active, with a login session that has not ended. Roles of the site open
 * nothing here: what a workspace serves is its owner's business. `now` is in milliseconds.
 */
export async function mayVisit(
  database: Queryable,
  devUrl: Pick<DevUrl, 'access' | 'ownerId' | 'organizationId'>,
  { user, session }: { user: string; session: string },
  now: number,
): Promise<boolean> {
  const { rows } = await database.query<{ member: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM members WHERE user_id = users.id AND organization_id = $4) AS member
     FROM users JOIN sessions ON sessions.user_id = users.id AND sessions.id = $2::uuid AND expires_at > $3
     WHERE users.id = $1 AND users.deactivated_at IS NULL`,
    [user, session, new Date(now), devUrl.organizationId],
  )
  const visitor = rows[0]
  if (visitor === undefined) return false
  if (devUrl.access === 'private') return user === devUrl.ownerId
  if (devUrl.access === 'org') return user === devUrl.ownerId || visitor.member
  return true
}
