import { createHash } from 'node:crypto'
import { clientNetwork } from '../client-network.ts'
import type { Queryable } from './database.ts'
import { ApiError } from './errors.ts'

/**
 * What is allowed in a window of five minutes: failed attempts to log in as one user from one network, and as anyone from
 * one network, which a whole site may share (NAT, kube-proxy); looks for users by name.
 */
export const loginLimits = { window: 5 * 60 * 1000, pair: 10, network: 1000, lookups: 60 } as const

type Attempt = { username: string; address: string }

/**
 * Counts an attempt to log in, in the database, so that replicas share the count. The limit is by user *and* network:
 * an attacker elsewhere cannot lock a user out. It counts before the password is looked at, so that many at once are
 * counted too; `forgiveAttempt` takes back what was right.
 * @throws ApiError 429 AUTH_TOO_MANY_ATTEMPTS
 */
export async function countAttempt(database: Queryable, attempt: Attempt, now: number): Promise<void> {
  for (const [key, limit] of [
    [pairKey(attempt), loginLimits.pair],
    [networkKey(attempt), loginLimits.network],
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

/** After a success: forgets the failed attempts of the user from the network, and takes this one from the network's. */
export async function forgiveAttempt(database: Queryable, attempt: Attempt): Promise<void> {
  await database.query('DELETE FROM login_attempts WHERE key = $1', [pairKey(attempt)])
  await database.query('UPDATE login_attempts SET attempts = greatest(attempts - 1, 0) WHERE key = $1', [
    networkKey(attempt),
  ])
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const pairKey = ({ username, address }: Attempt): Buffer =>
  digest(`pair ${clientNetwork(address)} ${username.toLowerCase()}`)
const networkKey = ({ address }: Attempt): Buffer => digest(`network ${clientNetwork(address)}`)
