/** What bounds an organization as a whole (quota) and each of its workspaces (limit); null is no bound. */
export type Bounds = {
  quotaCpuMilli: number | null
  quotaMemoryGiB: number | null
  quotaDiskGiB: number | null
  quotaGpus: number | null
  quotaWorkspaces: number | null
  limitCpuMilli: number | null
  limitMemoryGiB: number | null
  limitDiskGiB: number | null
  limitGpus: number | null
}

export const boundColumns: Record<keyof Bounds, string> = {
  quotaCpuMilli: 'quota_cpu_milli',
  quotaMemoryGiB: 'quota_memory_gib',
  quotaDiskGiB: 'quota_disk_gib',
  quotaGpus: 'quota_gpus',
  quotaWorkspaces: 'quota_workspaces',
  limitCpuMilli: 'limit_cpu_milli',
  limitMemoryGiB: 'limit_memory_gib',
  limitDiskGiB: 'limit_disk_gib',
  limitGpus: 'limit_gpus',
}

/** What the workspaces of an organization take: disk and number all of them, cores, memory and GPUs those that are on. */
export type Usage = { cpuMilli: number; memoryGiB: number; diskGiB: number; gpus: number; workspaces: number }
