import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import type { Page } from '../paging.ts'
import type { OrganizationRole } from '../permissions.ts'
import type { Bounds } from './bounds.ts'
import { boundColumns } from './bounds.ts'

/** Id of the organization that every installation starts with. */
export const defaultOrganization = 'default000'

export type Organization = Bounds & { id: string; name: string; createdAt: Date }
export type Member = { id: string; username: string; active: boolean; role: OrganizationRole }

const columns = `id, name, created_at AS "createdAt",
  ${Object.entries(boundColumns)
    .map(([field, column]) => `${column} AS "${field}"`)
    .join(', ')}`

const nameTaken = (name: string) => (error: { constraint?: string }) => {
  if (error.constraint === 'organizations_name_key')
    throw new ApiError(409, 'ORGANIZATION_NAME_TAKEN', `there is already an organization ${name}`)
  throw error
}

/** Adds an organization without bounds. @throws ApiError 409 ORGANIZATION_NAME_TAKEN */
export async function createOrganization(database: Queryable, name: string): Promise<string> {
  const id = newIdentifier()
  await database.query('INSERT INTO organizations (id, name) VALUES ($1, $2)', [id, name]).catch(nameTaken(name))
  return id
}

/** Changes a name and bounds; what is absent stays, null lifts a bound. @throws ApiError 409 ORGANIZATION_NAME_TAKEN */
export async function changeOrganization(
  database: Queryable,
  id: string,
  change: Partial<Bounds> & { name?: string },
): Promise<void> {
  const { name, ...bounds } = change
  const sets = Object.keys(boundColumns).filter((field) => bounds[field as keyof Bounds] !== undefined)
  const assignments = sets.map((field, index) => `${boundColumns[field as keyof Bounds]} = $${index + 3}`)
  await database
    .query(`UPDATE organizations SET ${['name = coalesce($2, name)', ...assignments].join(', ')} WHERE id = $1`, [
      id,
      name ?? null,
      ...sets.map((field) => bounds[field as keyof Bounds]),
    ])
    .catch(nameTaken(name ?? ''))
}

/** @throws ApiError 409 ORGANIZATION_IN_USE while it has workspaces, or is the default one */
export async function deleteOrganization(database: Queryable, id: string): Promise<void> {
  const refused = (why: string) =>
    new ApiError(409, 'ORGANIZATION_IN_USE', 'this organization cannot be deleted', { why })
  if (id === defaultOrganization) throw refused('it is the one that new users join')
  await database.query('DELETE FROM organizations WHERE id = $1', [id]).catch((error: { code?: string }) => {
    // SQLSTATE 23503: a workspace still refers to it
    if (error.code === '23503') throw refused('it still has workspaces')
    throw error
  })
}

export async function findOrganization(database: Queryable, id: string): Promise<Organization | undefined> {
  const { rows } = await database.query<Organization>(`SELECT ${columns} FROM organizations WHERE id = $1`, [id])
  return rows[0]
}

/** All organizations, or those of some ids, by name, after the name `after`; one more than the page has. */
export async function listOrganizations(
  database: Queryable,
  ids: readonly string[] | undefined,
  { after, limit }: Page,
): Promise<Organization[]> {
  const { rows } = await database.query<Organization>(
    `SELECT ${columns} FROM organizations WHERE name > $2 AND ($1::text[] IS NULL OR id = ANY ($1))
     ORDER BY name LIMIT $3`,
    [ids ?? null, after ?? '', limit + 1],
  )
  return rows
}

/** Members whose names hold `name`, by name, after the name `after`; one more than the page has. */
export async function listMembers(
  database: Queryable,
  organizationId: string,
  { after, limit }: Page,
  name = '',
): Promise<Member[]> {
  const { rows } = await database.query<Member>(
    `SELECT users.id, username, deactivated_at IS NULL AS active, members.role
     FROM members JOIN users ON users.id = members.user_id
     WHERE organization_id = $1 AND username > $2 AND position($3 IN username) > 0 ORDER BY username LIMIT $4`,
    [organizationId, after ?? '', name.toLowerCase(), limit + 1],
  )
  return rows
}

/** Adds a member or changes the role of one. */
export async function putMember(
  database: Queryable,
  organizationId: string,
  userId: string,
  role: OrganizationRole,
): Promise<void> {
  await database.query(
    `INSERT INTO members (organization_id, user_id, role) VALUES ($1, $2, $3)
     ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role`,
    [organizationId, userId, role],
  )
}

/** Takes a member out; their workspaces stay theirs. Returns whether there was one. */
export async function removeMember(database: Queryable, organizationId: string, userId: string): Promise<boolean> {
  const { rowCount } = await database.query('DELETE FROM members WHERE organization_id = $1 AND user_id = $2', [
    organizationId,
    userId,
  ])
  return rowCount === 1
}
