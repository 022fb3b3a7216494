import { advisoryLocks } from '../advisory-locks.ts'
import { type Database, transaction } from '../database.ts'
import { createUser, findUser, findUserByName, type User } from '../users/store.ts'
import type { Identity } from './provider.ts'

/**
 * The user whom an identity belongs to; a new identity gets a new user. A name or an e-mail address that matches a user
 * who is already there proves nothing: the new user gets another name. `now` is in milliseconds.
 */
export async function userOfIdentity(
  database: Database,
  { issuer, subject, name }: Identity,
  now: number,
): Promise<{ user: User; created: boolean }> {
  return await transaction(database, async (client) => {
    // one login at a time adds users, so that a person who logs in twice at once becomes one user
    await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks.identities])
    const { rows } = await client.query<{ id: string }>(
      'SELECT user_id AS id FROM identities WHERE issuer = $1 AND subject = $2',
      [issuer, subject],
    )
    if (rows[0] !== undefined) return { user: (await findUser(client, rows[0].id)) as User, created: false }
    const wish = usernameFrom(name)
    let username = wish
    for (let number = 2; (await findUserByName(client, username)) !== undefined; number++)
      username = `${wish.slice(0, 26)}-${number}`
    const user = await createUser(client, { username, passwordHash: undefined, role: 'site-member' })
    await client.query('INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)', [
      issuer,
      subject,
      user.id,
      new Date(now),
    ])
    return { user, created: true }
  })
}

/** A user name of ours from the one at the provider: before any `@`, in letters, digits, dot, dash, underscore. */
export function usernameFrom(name: string | undefined): string {
  const local = (name ?? '').normalize('NFKD').toLowerCase().split('@')[0] ?? ''
  const clean = local
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .slice(0, 32)
    .replace(/^[._-]+|[._-]+$/g, '')
  return clean === '' ? 'user' : clean
}
