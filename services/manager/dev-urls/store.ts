import { type Reach, reachValues, type Standing } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import type { Page } from '../paging.ts'
import { ownerStanding } from '../standing.ts'
import { labelOf } from './label.ts'

export const accessLevels = ['private', 'org', 'authed', 'public'] as const
/** Who may open one: its owner, members of the workspace's organization, everyone who is logged in, everyone. */
export type AccessLevel = (typeof accessLevels)[number]

export type DevUrl = {
  id: string
  workspaceId: string
  workspaceName: string
  ownerId: string
  organizationId: string
  port: number
  access: AccessLevel
  label: string
  createdAt: Date
}

/** One that somebody may be about to act on; lists do without the roles. */
export type HeldDevUrl = DevUrl & {
  /** the owner's roles, at the site and in the workspace's organization */
  owner: Standing
}

export const devUrlsPerWorkspace = 20

const columns = `dev_urls.id, workspace_id AS "workspaceId", workspaces.name AS "workspaceName",
  owner_id AS "ownerId", organization_id AS "organizationId", port, access, label,
  dev_urls.created_at AS "createdAt"`
// what is about to be deleted, or belongs to someone who may no longer log in, is not served any more
const source = `FROM dev_urls JOIN workspaces ON workspaces.id = workspace_id AND desired <> 'deleted'
  JOIN users ON users.id = owner_id AND users.deactivated_at IS NULL`

/**
 * Gives a port of a workspace a host name. Within a transaction; `now` is in milliseconds.
 * @throws ApiError 400 (see labelOf), 409 DEV_URL_LIMIT, DEV_URL_EXISTS, DEV_URL_LABEL_TAKEN
 */
export async function addDevUrl(
  database: Queryable,
  workspace: { id: string; name: string; ownerName: string },
  { port, access }: { port: number; access: AccessLevel },
  now: number,
): Promise<HeldDevUrl> {
  const label = labelOf(port, workspace.name, workspace.ownerName)
  // one at a time for each workspace, so that the limit holds
  await database.query('SELECT 1 FROM workspaces WHERE id = $1 FOR UPDATE', [workspace.id])
  const { rows } = await database.query<{ port: number }>('SELECT port FROM dev_urls WHERE workspace_id = $1', [
    workspace.id,
  ])
  if (rows.some((row) => row.port === port))
    throw new ApiError(409, 'DEV_URL_EXISTS', `port ${port} of ${workspace.name} already has a URL`)
  if (rows.length >= devUrlsPerWorkspace)
    throw new ApiError(409, 'DEV_URL_LIMIT', `a workspace may have ${devUrlsPerWorkspace} dev URLs`, {
      fix: 'remove one that you no longer need',
    })
  // a workspace that is being deleted does not keep its names from one that takes its place
  await database.query(
    `DELETE FROM dev_urls USING workspaces WHERE label = $1 AND workspaces.id = workspace_id AND desired = 'deleted'`,
    [label],
  )
  const id = newIdentifier()
  await database
    .query('INSERT INTO dev_urls (id, workspace_id, port, access, label, created_at) VALUES ($1, $2, $3, $4, $5, $6)', [
      id,
      workspace.id,
      port,
      access,
      label,
      new Date(now),
    ])
    .catch((error: { constraint?: string }) => {
      if (error.constraint === 'dev_urls_label_key')
        throw new ApiError(409, 'DEV_URL_LABEL_TAKEN', `the name ${label} is taken by another workspace`, {
          why: 'names with hyphens can read the same for different workspaces and users',
          fix: 'use another port, or a workspace with another name',
        })
      throw error
    })
  return (await findDevUrl(database, id)) as HeldDevUrl
}

/**
 * The dev URLs of workspaces within a caller's reach, all or those of one workspace, by label, after the label `after`;
 * one more than the page has.
 */
export async function listDevUrls(
  database: Queryable,
  within: Reach,
  { after, limit }: Page,
  workspace?: string,
): Promise<DevUrl[]> {
  const { rows } = await database.query<DevUrl>(
    `SELECT ${columns} ${source} WHERE ($1 OR owner_id = $2 OR organization_id = ANY ($3::text[]))
       AND ($4::text IS NULL OR workspace_id = $4) AND label > $5 ORDER BY label LIMIT $6`,
    [...reachValues(within), workspace ?? null, after ?? '', limit + 1],
  )
  return rows
}

const held = `SELECT ${columns}, ${ownerStanding} AS owner ${source}`

export async function findDevUrl(database: Queryable, id: string): Promise<HeldDevUrl | undefined> {
  return (await database.query<HeldDevUrl>(`${held} WHERE dev_urls.id = $1`, [id])).rows[0]
}

export async function devUrlByLabel(database: Queryable, label: string): Promise<HeldDevUrl | undefined> {
  return (await database.query<HeldDevUrl>(`${held} WHERE label = $1`, [label])).rows[0]
}

export async function setAccess(database: Queryable, id: string, access: AccessLevel): Promise<void> {
  await database.query('UPDATE dev_urls SET access = $2 WHERE id = $1', [id, access])
}

export async function deleteDevUrl(database: Queryable, id: string): Promise<void> {
  await database.query('DELETE FROM dev_urls WHERE id = $1', [id])
}
