import type { Queryable } from '../database.ts'

/** What an edit changes; absent stays as it is. */
export type WorkspaceChange = {
  cpuMilli?: number
  memoryGiB?: number
  gpus?: number
  /** larger than before; the pod stays */
  diskGiB?: number
  image?: { id: string; tag: string; reference: string }
  autoOffMinutes?: number | null
  /** makes the pod anew even when nothing else changes */
  rebuild?: boolean
}

/**
 * Changes a workspace that is not deleted; the reconciler makes it real, on a new pod where the pod is concerned. Only the
 * home volume stays. `now` is in milliseconds.
 */
export async function changeWorkspace(
  database: Queryable,
  id: string,
  { cpuMilli, memoryGiB, gpus, diskGiB, image, autoOffMinutes, rebuild = false }: WorkspaceChange,
  now: number,
): Promise<void> {
  const touchesPod = rebuild || [cpuMilli, memoryGiB, gpus, image].some((one) => one !== undefined)
  await database.query(
    `UPDATE workspaces SET cpu_milli = coalesce($2, cpu_milli), memory_gib = coalesce($3, memory_gib),
       image_id = coalesce($4, image_id), tag = coalesce($5, tag), image = coalesce($6, image),
       auto_off_minutes = CASE WHEN $7 THEN $8::integer ELSE auto_off_minutes END,
       rebuilds = rebuilds + CASE WHEN $9 THEN 1 ELSE 0 END,
       generation = generation + CASE WHEN $10 THEN 1 ELSE 0 END,
       attempts = CASE WHEN $10 THEN 0 ELSE attempts END, retry_at = CASE WHEN $10 THEN NULL ELSE retry_at END,
       failure = CASE WHEN $10 THEN NULL ELSE failure END, updated_at = $11, last_active_at = $11,
       gpus = coalesce($12, gpus), disk_gib = greatest(disk_gib, $13)
     WHERE id = $1 AND desired <> 'deleted'`,
    [
      id,
      cpuMilli ?? null,
      memoryGiB ?? null,
      image?.id ?? null,
      image?.tag ?? null,
      image?.reference ?? null,
      autoOffMinutes !== undefined,
      autoOffMinutes ?? null,
      rebuild,
      touchesPod,
      new Date(now),
      gpus ?? null,
      diskGiB ?? null,
    ],
  )
}
