import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import { defaultOrganization } from '../organizations/store.ts'
import type { Page } from '../paging.ts'
import type { SiteRole } from '../permissions.ts'

export type User = { id: string; username: string; role: SiteRole; active: boolean; createdAt: Date }
type WithHash = User & { passwordHash: string | undefined }

const columns = `id, username, role, deactivated_at IS NULL AS active, created_at AS "createdAt"`

/**
 * Adds a user, as a member of the default organization; the name is kept in lower case.
 * @throws ApiError 409 USER_NAME_TAKEN
 */
export async function createUser(
  database: Queryable,
  user: { username: string; passwordHash: string | undefined; role: SiteRole },
): Promise<User> {
  const { rows } = await database
    .query<User>(`INSERT INTO users (id, username, password_hash, role) VALUES ($1, $2, $3, $4) RETURNING ${columns}`, [
      newIdentifier(),
      user.username.toLowerCase(),
      user.passwordHash ?? null,
      user.role,
    ])
    .catch((error: { constraint?: string }) => {
      if (error.constraint === 'users_username_key')
        throw new ApiError(409, 'USER_NAME_TAKEN', `there is already a user ${user.username.toLowerCase()}`)
      throw error
    })
  const [created] = rows as [User]
  await database.query(`INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, 'organization-member')`, [
    defaultOrganization,
    created.id,
  ])
  return created
}

/** A user by name, with the hash of the password if there is one, or undefined. */
export async function findUserByName(database: Queryable, username: string): Promise<WithHash | undefined> {
  return await one(database, 'username = $1', username.toLowerCase())
}

/** A user by id, with the hash of the password if there is one, or undefined. */
export async function findUser(database: Queryable, id: string): Promise<WithHash | undefined> {
  return await one(database, 'id = $1', id)
}

async function one(database: Queryable, where: string, value: string): Promise<WithHash | undefined> {
  const { rows } = await database.query<User & { passwordHash: string | null }>(
    `SELECT ${columns}, password_hash AS "passwordHash" FROM users WHERE ${where}`,
    [value],
  )
  return rows[0] && { ...rows[0], passwordHash: rows[0].passwordHash ?? undefined }
}

/** Users whose names hold `name`, in the order of their names, after the name `after`; one more than the page has. */
export async function listUsers(database: Queryable, { after, limit }: Page, name = ''): Promise<User[]> {
  const { rows } = await database.query<User>(
    `SELECT ${columns} FROM users WHERE username > $1 AND position($2 IN username) > 0 ORDER BY username LIMIT $3`,
    [after ?? '', name.toLowerCase(), limit + 1],
  )
  return rows
}

/** How many people may log in: the seats in use. */
export async function countSeats(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ seats: number }>(
    'SELECT count(*)::int AS seats FROM users WHERE deactivated_at IS NULL',
  )
  return rows[0]?.seats ?? 0
}

export async function setPasswordHash(database: Queryable, id: string, hash: string): Promise<void> {
  await database.query('UPDATE users SET password_hash = $2 WHERE id = $1', [id, hash])
}
