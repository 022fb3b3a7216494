import type { Queryable } from '../database.ts'

/** From how many people on one address for all looks like an ingress that hides them. */
const suspicious = 5

/**
 * The one address from which everybody who is logged in came, where that are many: addresses in the audit log then say
 * nothing, and a flood of wrong passwords from anywhere is one from everywhere. `now` is in milliseconds.
 */
export async function sharedAddress(
  database: Queryable,
  now: number,
): Promise<{ people: number; address: string } | undefined> {
  const { rows } = await database.query<{ people: number; addresses: number; address: string }>(
    `SELECT count(DISTINCT user_id)::int AS people, count(DISTINCT address)::int AS addresses, min(address) AS address
     FROM sessions WHERE address IS NOT NULL AND expires_at > $1`,
    [new Date(now)],
  )
  const [seen] = rows
  return seen !== undefined && seen.addresses === 1 && seen.people >= suspicious ? seen : undefined
}
