import { apiKeyPrefix } from './api-keys.ts'
import type { Caller } from './authorization.ts'
import { tokenHash } from './credentials.ts'
import type { Queryable } from './database.ts'
import { isReadOnly } from './read-only.ts'

/** Says whose token this is, of a session or an API key; undefined when it opens nothing (any more). */
export type Identify = (token: string) => Promise<Caller | undefined>

/** How exactly the last use of a session or a key is noted, in milliseconds. */
const useNoted = 60_000
const scopesOf = { session: 'NULL::text[]', 'api-key': 'scopes' } as const
const tables = { session: 'sessions', 'api-key': 'api_keys' } as const

export function identifyOver(database: Queryable, clock: () => number): Identify {
  return (token) => userOf(database, token.startsWith(apiKeyPrefix) ? 'api-key' : 'session', token, clock())
}

async function userOf(
  database: Queryable,
  via: Caller['via'],
  token: string,
  now: number,
): Promise<Caller | undefined> {
  const table = tables[via]
  const { rows } = await database.query<Omit<Caller, 'via' | 'scopes'> & { scopes: string[] | null; stale: boolean }>({
    // prepared, as each request asks it: planning takes ten times as long as the answer
    name: `user-of-${via}`,
    text: `SELECT users.id, users.username, users.role,
       coalesce((SELECT json_object_agg(organization_id, members.role) FROM members WHERE user_id = users.id), '{}')
         AS organizations,
       held.id::text AS credential, ${scopesOf[via]} AS scopes, coalesce(held.last_used_at < $3, true) AS stale
     FROM ${table} AS held JOIN users ON users.id = held.user_id
     WHERE held.token_hash = $1 AND held.expires_at > $2 AND users.deactivated_at IS NULL`,
    values: [tokenHash(token), new Date(now), new Date(now - useNoted)],
  })
  if (rows[0] === undefined) return undefined
  const { stale, scopes, ...user } = rows[0]
  if (stale)
    await database
      .query(`UPDATE ${table} SET last_used_at = $2 WHERE id = $1`, [user.credential, new Date(now)])
      .catch((error: Error) => {
        // who only reads may do so while nothing can be written
        if (!isReadOnly(error)) throw error
      })
  return { ...user, via, scopes: scopes ?? undefined }
}
