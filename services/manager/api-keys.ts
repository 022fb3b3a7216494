import { newToken, tokenHash } from './credentials.ts'
import type { Queryable } from './database.ts'
import { ApiError } from './errors.ts'
import { newIdentifier } from './identifiers.ts'

/** Distinguishes an API key from a session's token, for people and for scanners of leaked secrets. */
export const apiKeyPrefix = 'cde_'
export const apiKeysPerUser = 50

export type ApiKey = {
  id: string
  userId: string
  name: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date
  lastUsedAt: Date | null
}

const columns = `id, user_id AS "userId", name, scopes, created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt"`

/** Adds a key and returns it with its token, which is stored nowhere. `now` is in milliseconds. */
export async function createApiKey(
  database: Queryable,
  userId: string,
  wanted: { name: string; scopes: readonly string[]; lifetime: number },
  now: number,
): Promise<ApiKey & { token: string }> {
  const token = apiKeyPrefix + newToken()
  const { rows } = await database.query<ApiKey>(
    `INSERT INTO api_keys (id, token_hash, user_id, name, scopes, created_at, expires_at)
     SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM api_keys WHERE user_id = $3) < $8
     RETURNING ${columns}`,
    [
      newIdentifier(),
      tokenHash(token),
      userId,
      wanted.name,
      wanted.scopes,
      new Date(now),
      new Date(now + wanted.lifetime),
      apiKeysPerUser,
    ],
  )
  if (rows[0] === undefined)
    throw new ApiError(409, 'KEY_LIMIT', `you already have ${apiKeysPerUser} API keys`, { fix: 'delete an old one' })
  return { ...rows[0], token }
}

/** The keys of a user, newest first, expired ones too. */
export async function listApiKeys(database: Queryable, userId: string): Promise<ApiKey[]> {
  const { rows } = await database.query<ApiKey>(
    `SELECT ${columns} FROM api_keys WHERE user_id = $1 ORDER BY created_at DESC, id`,
    [userId],
  )
  return rows
}

export async function findApiKey(database: Queryable, id: string): Promise<ApiKey | undefined> {
  const { rows } = await database.query<ApiKey>(`SELECT ${columns} FROM api_keys WHERE id = $1`, [id])
  return rows[0]
}

/** Deletes a key: it opens nothing from now on. */
export async function deleteApiKey(database: Queryable, id: string): Promise<void> {
  await database.query('DELETE FROM api_keys WHERE id = $1', [id])
}
