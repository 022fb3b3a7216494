import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'

export type Registry = { id: string; name: string; host: string; pullSecret: string | null }
const columns = 'id, name, host, pull_secret AS "pullSecret"'

export async function listRegistries(database: Queryable): Promise<Registry[]> {
  return (await database.query<Registry>(`SELECT ${columns} FROM registries ORDER BY name LIMIT 1000`)).rows
}

export async function findRegistry(database: Queryable, id: string): Promise<Registry | undefined> {
  return (await database.query<Registry>(`SELECT ${columns} FROM registries WHERE id = $1`, [id])).rows[0]
}

/** @throws ApiError 409 REGISTRY_TAKEN */
export async function createRegistry(database: Queryable, wanted: Omit<Registry, 'id'>): Promise<Registry> {
  const { rows } = await database
    .query<Registry>(
      `INSERT INTO registries (id, name, host, pull_secret) VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
      [newIdentifier(), wanted.name, wanted.host, wanted.pullSecret],
    )
    .catch((error: { code?: string }) => {
      if (error.code === '23505')
        throw new ApiError(409, 'REGISTRY_TAKEN', `there is already a registry ${wanted.name} or ${wanted.host}`)
      throw error
    })
  return rows[0] as Registry
}

/** @throws ApiError 409 REGISTRY_IN_USE */
export async function deleteRegistry(database: Queryable, id: string): Promise<void> {
  await database.query('DELETE FROM registries WHERE id = $1', [id]).catch((error: { code?: string }) => {
    if (error.code === '23503') throw new ApiError(409, 'REGISTRY_IN_USE', 'there are still images of this registry')
    throw error
  })
}
