import { type Reach, reachValues, type Standing } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import type { Page } from '../paging.ts'
import { ownerStanding } from '../standing.ts'

export type Desired = 'on' | 'off' | 'deleted'

export type Workspace = {
  id: string
  ownerId: string
  ownerName: string
  organizationId: string
  name: string
  image: string
  imageId: string | null
  tag: string | null
  autoOffMinutes: number | null
  lastActiveAt: Date | null
  cpuMilli: number
  memoryGiB: number
  diskGiB: number
  gpus: number
  desired: Desired
  generation: number
  applied: boolean
  homeMade: boolean
  attempts: number
  failure: string | undefined
  createdAt: Date
}

/** One that somebody may be about to act on. In lists nobody does, and the roles would be half of what a list costs. */
export type HeldWorkspace = Workspace & {
  /** the owner's roles, at the site and in the workspace's organization */
  owner: Standing
}

const columns = `workspaces.id, owner_id AS "ownerId", users.username AS "ownerName",
  organization_id AS "organizationId", name, image,
  image_id AS "imageId", tag, auto_off_minutes AS "autoOffMinutes", last_active_at AS "lastActiveAt",
  cpu_milli AS "cpuMilli", memory_gib AS "memoryGiB", disk_gib AS "diskGiB", gpus, desired, generation,
  applied_generation >= generation AS applied, applied_generation > 0 AS "homeMade", attempts, failure, workspaces.created_at AS "createdAt"`
const source = 'FROM workspaces JOIN users ON users.id = workspaces.owner_id'

type Row<W extends Workspace = Workspace> = Omit<W, 'failure'> & { failure: string | null }
const fromRow = <W extends Workspace>(row: Row<W>): W => ({ ...row, failure: row.failure ?? undefined }) as unknown as W

export type NewWorkspace = Pick<
  Workspace,
  | 'organizationId'
  | 'name'
  | 'image'
  | 'imageId'
  | 'tag'
  | 'cpuMilli'
  | 'memoryGiB'
  | 'diskGiB'
  | 'gpus'
  | 'autoOffMinutes'
>

/**
 * Adds a workspace that is wanted on; the reconciler makes it real. `now` is in milliseconds.
 * @throws ApiError 409 WORKSPACE_NAME_TAKEN
 */
export async function insertWorkspace(
  database: Queryable,
  owner: { id: string; username: string },
  wanted: NewWorkspace,
  now: number,
): Promise<HeldWorkspace> {
  const id = newIdentifier()
  await database
    .query(
      `INSERT INTO workspaces (id, owner_id, name, image, cpu_milli, memory_gib, disk_gib, organization_id, image_id,
         tag, auto_off_minutes, gpus, created_at, updated_at, last_active_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $13)`,
      [
        id,
        owner.id,
        wanted.name,
        wanted.image,
        wanted.cpuMilli,
        wanted.memoryGiB,
        wanted.diskGiB,
        wanted.organizationId,
        wanted.imageId,
        wanted.tag,
        wanted.autoOffMinutes,
        wanted.gpus,
        new Date(now),
      ],
    )
    .catch((error: { constraint?: string }) => {
      if (error.constraint === 'workspaces_name')
        throw new ApiError(409, 'WORKSPACE_NAME_TAKEN', `you already have a workspace ${wanted.name}`, {
          fix: 'choose another name, or delete the other workspace first',
        })
      throw error
    })
  return (await findWorkspace(database, id)) as HeldWorkspace
}

const reached = `desired <> 'deleted' AND ($1 OR owner_id = $2 OR organization_id = ANY ($3::text[]))`

/** What stands for a workspace in the order of the list, newest first: microseconds since 1970 and its id. */
export type Listed = Workspace & { cursor: string }
export const cursorPattern = '^[0-9]{1,16}-[a-z0-9]{10}$'

/**
 * The workspaces within a caller's reach whose name or owner holds `name`, newest first, older than the one that `after`
 * stands for; one more than the page has. Deleted ones are not listed.
 */
export async function listWorkspaces(
  database: Queryable,
  within: Reach,
  { after, limit }: Page,
  name = '',
): Promise<Listed[]> {
  const [at = null, id = ''] = after?.split('-') ?? []
  const { rows } = await database.query<Row & { cursor: string }>(
    `SELECT ${columns}, (extract(epoch FROM workspaces.created_at) * 1000000)::bigint || '-' || workspaces.id AS cursor
     ${source} WHERE ${reached} AND ($4::bigint IS NULL OR (workspaces.created_at, workspaces.id)
         < (timestamptz 'epoch' + $4 * interval '1 microsecond', $5))
       AND (position($6 IN name) > 0 OR position($6 IN users.username) > 0)
     ORDER BY workspaces.created_at DESC, workspaces.id DESC LIMIT $7`,
    [...reachValues(within), at, id, name.toLowerCase(), limit + 1],
  )
  return rows.map((row) => ({ ...fromRow(row), cursor: row.cursor }))
}

/** Some workspaces, whoever may see them; without those that are deleted. */
export async function everyWorkspaceOf(database: Queryable, ids: readonly string[]): Promise<Workspace[]> {
  const { rows } = await database.query<Row>(
    `SELECT ${columns} ${source} WHERE desired <> 'deleted' AND workspaces.id = ANY ($1::text[])`,
    [ids],
  )
  return rows.map(fromRow)
}

/** Ids of all workspaces within a caller's reach. */
export async function reachedIds(database: Queryable, within: Reach): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(`SELECT id FROM workspaces WHERE ${reached}`, [
    ...reachValues(within),
  ])
  return rows.map(({ id }) => id)
}

/** A workspace that is not deleted, or undefined. */
export async function findWorkspace(database: Queryable, id: string): Promise<HeldWorkspace | undefined> {
  const { rows } = await database.query<Row<HeldWorkspace>>({
    name: 'find-workspace',
    text: `SELECT ${columns}, ${ownerStanding} AS owner ${source} WHERE workspaces.id = $1 AND desired <> 'deleted'`,
    values: [id],
  })
  return rows[0] && fromRow(rows[0])
}

/** Asks for a workspace to be on, off or gone. A deleted one stays deleted. `now` is in milliseconds. */
export async function setDesired(database: Queryable, id: string, desired: Desired, now: number): Promise<void> {
  await database.query(
    `UPDATE workspaces SET desired = $2, generation = generation + 1, attempts = 0, retry_at = NULL, failure = NULL,
       updated_at = $3, last_active_at = $3
     WHERE id = $1 AND desired <> 'deleted' AND desired <> $2`,
    [id, desired, new Date(now)],
  )
}
