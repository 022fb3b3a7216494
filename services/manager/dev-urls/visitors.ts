import { credentialHolds } from '../credential.ts'
import type { Queryable } from '../database.ts'
import type { DevUrl } from './store.ts'

/**
 * Whether a user may open a dev URL: one whose credential still holds. Roles of the site open
 * nothing here: what a workspace serves is its owner's business. `now` is in milliseconds.
 */
export async function mayVisit(
  database: Queryable,
  devUrl: Pick<DevUrl, 'access' | 'ownerId' | 'organizationId'>,
  visitor: { user: string; credential: string },
  now: number,
): Promise<boolean> {
  if (!(await credentialHolds(database, visitor, now))) return false
  const { user } = visitor
  if (devUrl.access === 'private') return user === devUrl.ownerId
  if (devUrl.access === 'org') return user === devUrl.ownerId || (await isMember(database, user, devUrl.organizationId))
  return true
}

async function isMember(database: Queryable, user: string, organization: string): Promise<boolean> {
  const { rowCount } = await database.query('SELECT 1 FROM members WHERE user_id = $1 AND organization_id = $2', [
    user,
    organization,
  ])
  return rowCount === 1
}
