import type { Reach } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'

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
  attempts: number
  failure: string | undefined
  createdAt: Date
}

const listLimit = 10_000

const columns = `workspaces.id, owner_id AS "ownerId", users.username AS "ownerName",
  organization_id AS "organizationId", name, image,
  image_id AS "imageId", tag, auto_off_minutes AS "autoOffMinutes", last_active_at AS "lastActiveAt",
  cpu_milli AS "cpuMilli", memory_gib AS "memoryGiB", disk_gib AS "diskGiB", gpus, desired, generation,
  applied_generation >= generation AS applied, attempts, failure, workspaces.created_at AS "createdAt"`
const source = 'FROM workspaces JOIN users ON users.id = workspaces.owner_id'

type Row = Omit<Workspace, 'failure'> & { failure: string | null }
const fromRow = (row: Row): Workspace => ({ ...row, failure: row.failure ?? undefined })

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
): Promise<Workspace> {
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
  return (await findWorkspace(database, id)) as Workspace
}

/** The workspaces within a caller's reach, all or those of `ids`, newest first; deleted ones are not listed. */
export async function listWorkspaces(
  database: Queryable,
  within: Reach,
  ids?: readonly string[],
): Promise<Workspace[]> {
  const { rows } = await database.query<Row>(
    `SELECT ${columns} ${source} WHERE desired <> 'deleted'
       AND ($1 OR owner_id = $2 OR organization_id = ANY ($3::text[]))
       AND ($4::text[] IS NULL OR workspaces.id = ANY ($4))
     ORDER BY workspaces.created_at DESC, workspaces.id LIMIT ${listLimit}`,
    [...(within.all ? [true, null, []] : [false, within.ownerId ?? null, within.organizationIds]), ids ?? null],
  )
  return rows.map(fromRow)
}

/** A workspace that is not deleted, or undefined. */
export async function findWorkspace(database: Queryable, id: string): Promise<Workspace | undefined> {
  const { rows } = await database.query<Row>({
    name: 'find-workspace',
    text: `SELECT ${columns} ${source} WHERE workspaces.id = $1 AND desired <> 'deleted'`,
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
