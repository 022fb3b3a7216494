import { advisoryLocks } from './advisory-locks.ts'
import { type Database, transaction } from './database.ts'
import { hashPassword } from './passwords.ts'
import { createUser, type User } from './users/store.ts'

/**
 * Adds the user `admin` when there are no users at all. Replicas that start together wait for each other, so that one of
 * them adds it and the others see it. Returns the user, or undefined when there are users already.
 */
export async function ensureFirstAdmin(database: Database, password: string): Promise<User | undefined> {
  if (password.length < 8) throw new Error('the password of the first admin is shorter than 8 characters')
  return await transaction(database, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks.firstAdmin])
    const { rows } = await client.query('SELECT 1 FROM users LIMIT 1')
    if (rows.length > 0) return undefined
    return await createUser(client, {
      username: 'admin',
      passwordHash: await hashPassword(password),
      role: 'site-admin',
    })
  })
}
