import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import type { PublicKey } from './public-key.ts'

export const sshKeysPerUser = 32
export type SshKey = {
  id: string
  userId: string
  name: string
  publicKey: string
  fingerprint: string
  createdAt: Date
}

const columns = `id, user_id AS "userId", name, public_key AS "publicKey", fingerprint, created_at AS "createdAt"`

/** @throws ApiError 409 SSH_KEY_TAKEN, SSH_KEY_LIMIT. `now` is in milliseconds. */
export async function addSshKey(
  database: Queryable,
  userId: string,
  name: string,
  key: PublicKey,
  now: number,
): Promise<SshKey> {
  const { rows } = await database
    .query<SshKey>(
      `INSERT INTO ssh_keys (id, user_id, name, public_key, fingerprint, created_at) SELECT $1, $2, $3, $4, $5, $6
       WHERE (SELECT count(*) FROM ssh_keys WHERE user_id = $2) < $7 RETURNING ${columns}`,
      [newIdentifier(), userId, name, key.text, key.fingerprint, new Date(now), sshKeysPerUser],
    )
    .catch((error: { constraint?: string }) => {
      if (error.constraint === 'ssh_keys_user_fingerprint')
        throw new ApiError(409, 'SSH_KEY_TAKEN', 'you have this key already')
      throw error
    })
  if (rows[0] === undefined) throw new ApiError(409, 'SSH_KEY_LIMIT', `a user may have ${sshKeysPerUser} keys`)
  return rows[0]
}

export async function listSshKeys(database: Queryable, userId: string): Promise<SshKey[]> {
  const { rows } = await database.query<SshKey>(
    `SELECT ${columns} FROM ssh_keys WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT ${sshKeysPerUser}`,
    [userId],
  )
  return rows
}

export async function findSshKey(database: Queryable, id: string): Promise<SshKey | undefined> {
  return (await database.query<SshKey>(`SELECT ${columns} FROM ssh_keys WHERE id = $1`, [id])).rows[0]
}

export async function deleteSshKey(database: Queryable, id: string): Promise<void> {
  await database.query('DELETE FROM ssh_keys WHERE id = $1', [id])
}
