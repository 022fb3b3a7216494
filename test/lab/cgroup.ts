import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProcessRecord, startOf } from './process.ts'

function mountPoints(type: 'cgroup' | 'cgroup2'): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  return mounts.map((line) => line.split(' ')).flatMap((fields) => (fields[2] === type ? [fields[1] ?? ''] : []))
}

/** The hierarchies with controllers: one for each (version 1), or one for all (version 2). */
function hierarchies(): string[] {
  const first = mountPoints('cgroup')
  return first.length > 0 ? first : mountPoints('cgroup2')
}

/** Also a version 2 hierarchy that stands beside version 1: runc makes groups there by itself. */
function allHierarchies(): string[] {
  return [...mountPoints('cgroup'), ...mountPoints('cgroup2')]
}

/** Creates the cgroup under which kubelet puts all pods, so that two labs never clean up each other's. */
export async function createCgroup(name: string): Promise<void> {
  for (const root of hierarchies()) {
    if (existsSync(join(root, 'cgroup.subtree_control')))
      await writeFile(join(root, 'cgroup.subtree_control'), '+cpu +cpuset +memory +pids +io')
    await mkdir(join(root, name), { recursive: true })
    // a cpuset of version 1 starts empty and takes no process until it has processors and memory nodes
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (existsSync(join(root, 'cpuset.sched_load_balance')))
        await writeFile(join(root, name, file), await readFile(join(root, file)))
  }
}

async function groupsBelow(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return []
  const children = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const below = await Promise.all(children.map((child) => groupsBelow(join(directory, child.name))))
  return [...below.flat(), directory]
}

/** Nothing where the group has gone since it was seen. */
async function processesOf(group: string): Promise<string> {
  return await readFile(join(group, 'cgroup.procs'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENODEV') return ''
    throw error
  })
}

/** The processes of all pods. */
export async function cgroupProcesses(name: string): Promise<ProcessRecord[]> {
  const found = new Map<number, ProcessRecord>()
  for (const root of allHierarchies())
    for (const group of await groupsBelow(join(root, name)))
      for (const line of (await processesOf(group)).split('\n')) {
        const started = startOf(Number(line))
        if (line !== '' && started !== undefined) found.set(Number(line), { name, pid: Number(line), started })
      }
  return [...found.values()]
}

/** Removes the cgroup, which must be empty of processes, and all below it. */
export async function removeCgroup(name: string): Promise<void> {
  for (const root of allHierarchies()) for (const group of await groupsBelow(join(root, name))) await rmdir(group)
}
