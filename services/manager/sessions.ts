import { newToken, tokenHash } from './credentials.ts'
import type { Queryable } from './database.ts'

/** How long a session lasts after logging in, in milliseconds. */
export const sessionLifetime = 24 * 60 * 60 * 1000

export type Session = {
  id: string
  createdAt: Date
  expiresAt: Date
  lastUsedAt: Date | null
  address: string | null
  userAgent: string | null
}
type Origin = { address: string; userAgent: string | undefined }

/** Opens a session and returns its token, which is stored nowhere else. `now` is in milliseconds. */
export async function openSession(
  database: Queryable,
  userId: string,
  now: number,
  from: Origin = { address: '', userAgent: undefined },
): Promise<string> {
  const token = newToken()
  await database.query(
    `INSERT INTO sessions (token_hash, user_id, created_at, expires_at, last_used_at, address, user_agent)
     VALUES ($1, $2, $3, $4, $3, $5, $6)`,
    [
      tokenHash(token),
      userId,
      new Date(now),
      new Date(now + sessionLifetime),
      from.address || null,
      from.userAgent?.slice(0, 200) ?? null,
    ],
  )
  return token
}

/** The open sessions of a user, newest first. */
export async function listSessions(database: Queryable, userId: string, now: number): Promise<Session[]> {
  const { rows } = await database.query<Session>(
    `SELECT id::text, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt", address,
       user_agent AS "userAgent"
     FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC LIMIT 500`,
    [userId, new Date(now)],
  )
  return rows
}

/** Ends a session; ending an unknown one is not an error. Returns whose it was. */
export async function closeSession(
  database: Queryable,
  token: string,
): Promise<{ id: string; username: string } | undefined> {
  const { rows } = await database.query<{ id: string; username: string }>(
    `WITH closed AS (DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id)
     SELECT users.id, users.username FROM closed JOIN users ON users.id = closed.user_id`,
    [tokenHash(token)],
  )
  return rows[0]
}

/** Ends one session of a user. Returns whether there was one. */
export async function revokeSession(database: Queryable, userId: string, id: string): Promise<boolean> {
  const { rowCount } = await database.query('DELETE FROM sessions WHERE user_id = $1 AND id = $2', [userId, id])
  return rowCount === 1
}

/** Ends all sessions of a user but one. */
export async function revokeSessions(database: Queryable, userId: string, except?: string): Promise<void> {
  await database.query('DELETE FROM sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2)', [
    userId,
    except ?? null,
  ])
}

/** Deletes what has expired: sessions, API keys and counted attempts to log in. */
export async function forgetExpired(database: Queryable, now: number): Promise<void> {
  await database.query('DELETE FROM sessions WHERE expires_at <= $1', [new Date(now)])
  await database.query('DELETE FROM api_keys WHERE expires_at <= $1', [new Date(now - 30 * 24 * 60 * 60 * 1000)])
  await database.query('DELETE FROM login_attempts WHERE window_ends <= $1', [new Date(now)])
}
