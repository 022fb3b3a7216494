import type { Standing } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { findUser, type User } from './store.ts'

/** What belongs to a user outside of any organization, as a target of authorization. */
export const ownedBy = ({ id, role }: Pick<User, 'id' | 'role'>): { ownerId: string; owner: Standing } => ({
  ownerId: id,
  owner: { role },
})

/** A user as a target of authorization: everyone owns themself. */
export async function userTarget(database: Queryable, id: string) {
  const user = await findUser(database, id)
  return user && { ...user, ...ownedBy(user) }
}

/** Something that names its user, such as a key, as a target of authorization. */
export async function belonging<T extends { userId: string }>(database: Queryable, found: T | undefined) {
  const user = found && (await findUser(database, found.userId))
  return found && user && { ...found, ...ownedBy(user) }
}
