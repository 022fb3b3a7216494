import type { Queryable } from '../database.ts'
import { ApiError } from '../errors.ts'
import type { Usage } from './bounds.ts'
import { findOrganization, type Organization } from './store.ts'

/** How many workspaces one user may own, in all organizations together. */
export const workspacesPerUser = 50

/** What an organization uses now. */
export async function usageOf(database: Queryable, organizationId: string): Promise<Usage> {
  const { rows } = await database.query<Usage>(
    `SELECT coalesce(sum(cpu_milli) FILTER (WHERE desired = 'on'), 0)::int AS "cpuMilli",
       coalesce(sum(memory_gib) FILTER (WHERE desired = 'on'), 0)::int AS "memoryGiB",
       coalesce(sum(gpus) FILTER (WHERE desired = 'on'), 0)::int AS gpus,
       coalesce(sum(disk_gib), 0)::int AS "diskGiB", count(*)::int AS workspaces
     FROM workspaces WHERE organization_id = $1 AND desired <> 'deleted'`,
    [organizationId],
  )
  return rows[0] as Usage
}

/**
 * Makes a change to workspaces of an organization and an owner, in a transaction, unless it takes more than the quota.
 * The row of the organization is locked, so that no two replicas spend the same remainder; a change that takes nothing
 * more passes even where a quota was lowered below the use.
 * @throws ApiError 409 QUOTA_EXCEEDED, 409 WORKSPACE_LIMIT
 */
export async function withinQuota<T>(
  client: Queryable,
  organizationId: string,
  ownerId: string,
  work: () => Promise<T>,
): Promise<T> {
  await client.query('SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE', [organizationId])
  await client.query('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [ownerId])
  const organization = await findOrganization(client, organizationId)
  const before = await usageOf(client, organizationId)
  const ownedBefore = await owned(client, ownerId)
  const result = await work()
  if (organization !== undefined) assertWithin(organization, before, await usageOf(client, organizationId))
  const ownedNow = await owned(client, ownerId)
  if (ownedNow > workspacesPerUser && ownedNow > ownedBefore)
    throw new ApiError(409, 'WORKSPACE_LIMIT', `a user may have ${workspacesPerUser} workspaces`, {
      fix: 'delete one that you no longer need',
    })
  return result
}

async function owned(client: Queryable, ownerId: string): Promise<number> {
  const { rows } = await client.query<{ owned: number }>(
    `SELECT count(*)::int AS owned FROM workspaces WHERE owner_id = $1 AND desired <> 'deleted'`,
    [ownerId],
  )
  return rows[0]?.owned ?? 0
}

function assertWithin(organization: Organization, before: Usage, after: Usage): void {
  const checks = [
    ['cores', organization.quotaCpuMilli, before.cpuMilli, after.cpuMilli, 1000],
    ['GiB of memory', organization.quotaMemoryGiB, before.memoryGiB, after.memoryGiB, 1],
    ['GiB of disk', organization.quotaDiskGiB, before.diskGiB, after.diskGiB, 1],
    ['GPUs', organization.quotaGpus, before.gpus, after.gpus, 1],
    ['workspaces', organization.quotaWorkspaces, before.workspaces, after.workspaces, 1],
  ] as const
  for (const [what, quota, was, is, unit] of checks)
    if (quota !== null && is > quota && is > was)
      throw new ApiError(
        409,
        'QUOTA_EXCEEDED',
        `the organization ${organization.name} may use ${quota / unit} ${what}`,
        {
          why: `it uses ${was / unit}, and this would make it ${is / unit}`,
          fix: 'stop or delete a workspace, choose a smaller one, or ask a site manager for a larger quota',
        },
      )
}

export type Size = { cpuMilli: number; memoryGiB: number; diskGiB: number; gpus: number }

/** @throws ApiError 422 WORKSPACE_TOO_LARGE when the organization does not allow a workspace of this size */
export function assertAllowedSize(organization: Organization, size: Size): void {
  for (const [what, limit, wanted, unit] of [
    ['cores', organization.limitCpuMilli, size.cpuMilli, 1000],
    ['GiB of memory', organization.limitMemoryGiB, size.memoryGiB, 1],
    ['GiB of disk', organization.limitDiskGiB, size.diskGiB, 1],
    ['GPUs', organization.limitGpus, size.gpus, 1],
  ] as const)
    if (limit !== null && wanted > limit)
      throw new ApiError(
        422,
        'WORKSPACE_TOO_LARGE',
        `a workspace of ${organization.name} may have ${limit / unit} ${what}`,
      )
}

/** @throws ApiError 422 WORKSPACE_NO_GPUS when a workspace wants GPUs and the site has none */
export function assertSiteHasGpus(gpuResource: string | undefined, { gpus }: Pick<Size, 'gpus'>): void {
  if (gpus === 0 || gpuResource !== undefined) return
  throw new ApiError(422, 'WORKSPACE_NO_GPUS', 'this site has no GPUs for workspaces', {
    fix: 'leave gpus out; an administrator names the resource of GPUs with environments.gpuResource of the chart',
  })
}
