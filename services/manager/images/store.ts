import type { Standing } from '../authorization.ts'
import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import { newIdentifier } from '../identifiers.ts'
import type { Page } from '../paging.ts'

export type ImageSizes = {
  defaultCpuMilli: number
  defaultMemoryGiB: number
  defaultDiskGiB: number
  maxCpuMilli: number | null
  maxMemoryGiB: number | null
  maxDiskGiB: number | null
  defaultGpus: number
  maxGpus: number | null
}
export type Image = ImageSizes & {
  id: string
  name: string
  registryId: string
  host: string
  repository: string
  releaseImage: boolean
  defaultTag: string
  deprecated: boolean
  tags: { tag: string; suffix: string }[]
}

const sizeColumns: Record<keyof ImageSizes, string> = {
  defaultCpuMilli: 'default_cpu_milli',
  defaultMemoryGiB: 'default_memory_gib',
  defaultDiskGiB: 'default_disk_gib',
  maxCpuMilli: 'max_cpu_milli',
  maxMemoryGiB: 'max_memory_gib',
  maxDiskGiB: 'max_disk_gib',
  defaultGpus: 'default_gpus',
  maxGpus: 'max_gpus',
}
const changeable: Record<string, string> = {
  ...sizeColumns,
  name: 'name',
  defaultTag: 'default_tag',
  deprecated: 'deprecated',
}

const select = `SELECT images.id, images.name, registry_id AS "registryId", registries.host, repository,
    release_image AS "releaseImage", default_tag AS "defaultTag", deprecated,
    ${Object.entries(sizeColumns)
      .map(([field, column]) => `${column} AS "${field}"`)
      .join(', ')},
    coalesce((SELECT json_agg(json_build_object('tag', tag, 'suffix', suffix) ORDER BY image_tags.created_at DESC, tag)
      FROM image_tags WHERE image_id = images.id), '[]') AS tags
  FROM images JOIN registries ON registries.id = images.registry_id`

/** What stands for an image in the order of the list: the release's first, then by name. */
export const imageCursor = ({ releaseImage, name }: Image): string => `${releaseImage ? 0 : 1}${name}`

/** Images after the one that `after` stands for (see imageCursor); one more than the page has. */
export async function listImages(database: Queryable, { after = '0', limit }: Page): Promise<Image[]> {
  const { rows } = await database.query<Image>(
    `${select} WHERE ((NOT release_image), images.name) > ($1, $2) ORDER BY (NOT release_image), images.name LIMIT $3`,
    [after.startsWith('1'), after.slice(1), limit + 1],
  )
  return rows
}

/** The image that is not deprecated and has a tag of this full reference. */
export async function imageByReference(database: Queryable, reference: string): Promise<Image | undefined> {
  const { rows } = await database.query<Image>(
    `${select} WHERE NOT deprecated AND EXISTS (
       SELECT 1 FROM image_tags WHERE image_id = images.id AND registries.host || '/' || repository || suffix = $1)`,
    [reference],
  )
  return rows[0]
}

export async function findImage(database: Queryable, id: string): Promise<Image | undefined> {
  return (await database.query<Image>(`${select} WHERE images.id = $1`, [id])).rows[0]
}

/** The image that the installed release brings. */
export async function releaseImage(database: Queryable): Promise<Image | undefined> {
  return (await database.query<Image>(`${select} WHERE release_image`)).rows[0]
}

const taken = (name: string) => (error: { code?: string }) => {
  if (error.code === '23505') throw new ApiError(409, 'IMAGE_TAKEN', `there is already an image ${name}`)
  throw error
}

/** Adds an image with its first tag. @throws ApiError 409 IMAGE_TAKEN */
export async function createImage(
  database: Queryable,
  wanted: { name: string; registryId: string; repository: string; tag: string; suffix: string },
): Promise<string> {
  const id = newIdentifier()
  await database
    .query('INSERT INTO images (id, registry_id, repository, name, default_tag) VALUES ($1, $2, $3, $4, $5)', [
      id,
      wanted.registryId,
      wanted.repository,
      wanted.name,
      wanted.tag,
    ])
    .catch(taken(wanted.name))
  await putTag(database, id, wanted.tag, wanted.suffix)
  return id
}

/** Changes what is named; null lifts a bound. @throws ApiError 409 IMAGE_TAKEN */
export async function changeImage(
  database: Queryable,
  id: string,
  change: Partial<ImageSizes & { name: string; defaultTag: string; deprecated: boolean }>,
): Promise<void> {
  const fields = Object.entries(change).filter(
    ([field, value]) => changeable[field] !== undefined && value !== undefined,
  )
  const sets = fields.map(([field], index) => `${changeable[field]} = $${index + 2}`)
  if (sets.length === 0) return
  await database
    .query(`UPDATE images SET ${sets.join(', ')} WHERE id = $1`, [id, ...fields.map(([, value]) => value)])
    .catch(taken(change.name ?? ''))
}

export async function putTag(database: Queryable, imageId: string, tag: string, suffix: string): Promise<void> {
  await database.query(
    `INSERT INTO image_tags (image_id, tag, suffix) VALUES ($1, $2, $3)
     ON CONFLICT (image_id, tag) DO UPDATE SET suffix = excluded.suffix`,
    [imageId, tag, suffix],
  )
}

export async function removeTag(database: Queryable, imageId: string, tag: string): Promise<boolean> {
  const { rowCount } = await database.query('DELETE FROM image_tags WHERE image_id = $1 AND tag = $2', [imageId, tag])
  return rowCount === 1
}

/**
 * Who runs an image: the owners of its workspaces, each role once. What the release brings is what everybody runs who does
 * not choose, so that a site admin is among them.
 */
export async function runnersOf(database: Queryable, { id, releaseImage }: Image): Promise<Standing[]> {
  const { rows } = await database.query<Standing>(
    `SELECT DISTINCT users.role FROM workspaces JOIN users ON users.id = owner_id
     WHERE image_id = $1 AND desired <> 'deleted'`,
    [id],
  )
  return releaseImage ? [{ role: 'site-admin' }, ...rows] : rows
}

/** @throws ApiError 409 IMAGE_IN_USE while workspaces run it */
export async function deleteImage(database: Queryable, id: string): Promise<void> {
  await database.query('DELETE FROM images WHERE id = $1', [id]).catch((error: { code?: string }) => {
    if (error.code === '23503')
      throw new ApiError(409, 'IMAGE_IN_USE', 'there are still workspaces of this image', {
        fix: 'mark it deprecated, so that no new ones are made',
      })
    throw error
  })
}
