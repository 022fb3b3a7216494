import { advisoryLocks } from '../advisory-locks.ts'
import { type Database, type Queryable, transaction } from '../database.ts'
import { newIdentifier } from '../identifiers.ts'
import { followRelease } from './follow-release.ts'
import { parseReference } from './reference.ts'

/** Whether there is an image that workspaces get when nobody chooses one. */
export async function hasReleaseImage(database: Queryable): Promise<boolean> {
  return ((await database.query('SELECT 1 FROM images WHERE release_image')).rowCount ?? 0) > 0
}

/**
 * Puts the workspace image of the installed release into the tables, as the image that workspaces get when nobody chooses
 * one. Another release adds its tag and becomes the default; workspaces keep theirs until they are rebuilt, or until they start
 * while it comes from another registry. The replica that
 * leads does it: of an older release it would undo what a newer one did.
 * @throws Error when the reference cannot be read
 */
export async function ensureReleaseImage(database: Database, image: string): Promise<void> {
  const { host, repository, tag = 'release', suffix } = parseReference(image)
  await transaction(database, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [advisoryLocks.releaseImage])
    const { rows: registries } = await client.query<{ id: string }>(
      `INSERT INTO registries (id, name, host) VALUES ($1, $2, $2)
       ON CONFLICT (host) DO UPDATE SET host = excluded.host RETURNING id`,
      [newIdentifier(), host],
    )
    const { rows: images } = await client.query<{ id: string }>(
      `INSERT INTO images (id, registry_id, repository, name, release_image, default_tag)
       VALUES ($1, $2, $3, 'workspace', true, $4)
       ON CONFLICT (release_image) WHERE release_image
         DO UPDATE SET registry_id = $2, repository = $3, default_tag = $4 RETURNING id`,
      [newIdentifier(), registries[0]?.id, repository, tag],
    )
    await client.query(
      `INSERT INTO image_tags (image_id, tag, suffix) VALUES ($1, $2, $3)
       ON CONFLICT (image_id, tag) DO UPDATE SET suffix = excluded.suffix`,
      [images[0]?.id, tag, suffix],
    )
    // workspaces of before the tables were there
    await client.query('UPDATE workspaces SET image_id = $1, tag = $2 WHERE image_id IS NULL AND image = $3', [
      images[0]?.id,
      tag,
      image,
    ])
    await followRelease(client, 'unapplied')
  })
}
