import type { Queryable } from '../database.ts'

/** Those whose pod is about to be made: one that starts, or all whose objects do not yet have what was asked for. */
type Starting = { id: string } | 'unapplied'

/**
 * Lets workspaces of the release's image follow it to another registry. From where they had it nothing may come any more, and
 * what the release brought before may not be in the new one: so they get what a rebuild would give them. Others keep theirs
 * until they are rebuilt, and so do images that a site added, whose registry a site names itself.
 */
export async function followRelease(database: Queryable, starting: Starting): Promise<void> {
  await database.query(
    `UPDATE workspaces SET image = place || suffix, tag = default_tag, generation = generation + 1
     FROM (SELECT images.id, default_tag, suffix, registries.host || '/' || repository AS place
       FROM images JOIN registries ON registries.id = registry_id
       JOIN image_tags ON image_tags.image_id = images.id AND image_tags.tag = default_tag
       WHERE release_image) AS release
     WHERE workspaces.image_id = release.id AND desired <> 'deleted'
       AND NOT (starts_with(image, place || ':') OR starts_with(image, place || '@'))
       AND CASE WHEN $1::text IS NULL THEN desired = 'on' AND applied_generation < generation
         ELSE workspaces.id = $1 AND desired = 'off' END`,
    [starting === 'unapplied' ? null : starting.id],
  )
}
