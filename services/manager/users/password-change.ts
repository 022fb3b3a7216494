import type { Caller } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { hashPassword, verifyPassword } from '../passwords.ts'
import { revokeSessions } from '../sessions.ts'
import { setPasswordHash, type User } from './store.ts'

/**
 * Hashes a new password after checking the right to set it: users prove theirs by the current one, managers set others'.
 * @throws ApiError 403 AUTH_PASSWORD_WRONG
 */
export async function newPasswordHash(
  caller: Caller,
  user: { id: string; passwordHash: string | undefined },
  wanted: { password: string; current: string | undefined },
): Promise<string> {
  if (caller.id === user.id && !(await verifyPassword(wanted.current ?? '', user.passwordHash)))
    throw new ApiError(403, 'AUTH_PASSWORD_WRONG', 'the current password is wrong')
  return await hashPassword(wanted.password)
}

/** Stores the hash and ends the user's sessions, but for the one that asked. */
export async function changePassword(client: Queryable, caller: Caller, user: Pick<User, 'id'>, hash: string) {
  await setPasswordHash(client, user.id, hash)
  await revokeSessions(client, user.id, caller.id === user.id ? caller.credential : undefined)
}
