import { createHash } from 'node:crypto'
import type { Queryable } from './database.ts'
import { ApiError } from './errors.ts'

/** What is allowed in a window of five minutes: attempts to log in, and looks for users by name. */
export const loginLimits = { window: 5 * 60 * 1000, pair: 10, address: 100, lookups: 60 } as const

type Attempt = { username: string; address: string }

/**
 * Counts an attempt to log in, in the database, so that replicas share the count. The limit is by user *and* address:
 * an attacker elsewhere cannot lock a user out.
 * @throws ApiError 429 AUTH_TOO_MANY_ATTEMPTS
 */
export async function countAttempt(database: Queryable, attempt: Attempt, now: number): Promise<void> {
  for (const [key, limit] of [
    [addressKey(attempt), loginLimits.address],
    [pairKey(attempt), loginLimits.pair],
  ] as const) {
    const wait = await count(database, key, limit, now)
    if (wait !== undefined)
      throw new ApiError(429, 'AUTH_TOO_MANY_ATTEMPTS', 'too many attempts to log in', {
        fix: `try again in ${Math.ceil(wait / 60)} min`,
        retryAfter: wait,
      })
  }
}

/**
 * Counts a user's look for another one by name, found or not: names are not to be had by guessing.
 * @throws ApiError 429 USER_LOOKUP_LIMIT
 */
export async function countLookup(database: Queryable, userId: string, now: number): Promise<void> {
  const wait = await count(database, digest(`lookup ${userId}`), loginLimits.lookups, now)
  if (wait === undefined) return
  throw new ApiError(429, 'USER_LOOKUP_LIMIT', 'you looked for too many users', {
    fix: `try again in ${Math.ceil(wait / 60)} min`,
    retryAfter: wait,
  })
}

/** Counts one more for `key` in its window. Returns the seconds until the window ends when that is too many. */
async function count(database: Queryable, key: Buffer, limit: number, now: number): Promise<number | undefined> {
  const { rows } = await database.query<{ attempts: number; window_ends: Date }>(
    `INSERT INTO login_attempts AS counted (key, attempts, window_ends) VALUES ($1, 1, $2)
     ON CONFLICT (key) DO UPDATE SET
       attempts = CASE WHEN counted.window_ends <= $3 THEN 1 ELSE least(counted.attempts + 1, 1000000) END,
       window_ends = CASE WHEN counted.window_ends <= $3 THEN excluded.window_ends ELSE counted.window_ends END
     RETURNING attempts, window_ends`,
    [key, new Date(now + loginLimits.window), new Date(now)],
  )
  const [counted] = rows
  if (counted === undefined || counted.attempts <= limit) return undefined
  return Math.max(1, Math.ceil((counted.window_ends.getTime() - now) / 1000))
}

/** Forgets the failed attempts of a user from an address, after a success; not those of the address. */
export async function forgiveAttempts(database: Queryable, attempt: Attempt): Promise<void> {
  await database.query('DELETE FROM login_attempts WHERE key = $1', [pairKey(attempt)])
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const pairKey = ({ username, address }: Attempt): Buffer => digest(`pair ${network(address)} ${username.toLowerCase()}`)
const addressKey = ({ address }: Attempt): Buffer => digest(`address ${network(address)}`)

/** One customer line usually owns a /64 of IPv6, so that counts as one address. */
function network(address: string): string {
  return address.includes(':') && !address.includes('.') ? address.split(':').slice(0, 4).join(':') : address
}
