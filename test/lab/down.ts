import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cgroupProcesses, removeCgroup } from './cgroup.ts'
import { unmountBelow } from './mounts.ts'
import { deleteNetwork, namespaceProcesses } from './network.ts'
import { findProcesses, type ProcessRecord, stopProcesses } from './process.ts'
import { type LabState, recordedProcesses } from './state.ts'

/**
 * Takes a lab away, whole, half built or crashed: only processes that it recorded, that live in its namespace or cgroup
 * or serve its containerd, only mounts, files and names of its own. Returns whether there was anything.
 */
export async function takeDown(state: LabState): Promise<boolean> {
  const existed = existsSync(state.directory) || existsSync(`/run/netns/${state.namespace}`)
  const recorded = recordedProcesses(state)
  // first who would start something anew
  const starters = ['kubelet', 'kube-controller-manager', 'controllers']
  const left = [
    ...(await stopProcesses(
      recorded.filter(({ name }) => starters.includes(name)),
      3000,
    )),
    ...(await stopProcesses(await cgroupProcesses(state.cgroup), 0)),
    ...(await stopProcesses(shims(state), 2000)),
    ...(await stopProcesses(recorded, 3000)),
    // who was started but not recorded yet when `up` was killed
    ...(await stopProcesses(namespaceProcesses(state.namespace), 1000)),
    ...(await stopProcesses([...(await cgroupProcesses(state.cgroup)), ...shims(state)], 0)),
  ]
  if (left.length > 0)
    throw new SealiftError(
      'CLUSTER_LAB_STUCK',
      `processes do not end: ${left.map(({ name, pid }) => `${name} (${pid})`).join(', ')}`,
    )
  await unmountBelow(state.directory)
  await removeCgroup(state.cgroup)
  await deleteNetwork(state.namespace)
  await removeTraces(state)
  await rm(state.directory, { recursive: true, force: true })
  return existed
}

/** The shims of this lab's containerd: they carry its socket as an argument. */
function shims(state: LabState): ProcessRecord[] {
  const socket = join(state.directory, 'containerd.sock')
  return findProcesses('containerd-shim', (pid) => {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return (args[0] ?? '').includes('containerd-shim') && args[args.indexOf('-address') + 1] === socket
  })
}

/** What containerd, CNI and kubelet keep at places of their own choice. */
async function removeTraces(state: LabState): Promise<void> {
  const tasks = join(state.directory, 'containerd-state', 'io.containerd.runtime.v2.task', 'k8s.io')
  for (const task of list(tasks)) {
    const file = join(tasks, task, 'address')
    if (existsSync(file)) await rm(readFileSync(file, 'utf8').replace('unix://', ''), { force: true })
  }
  const results = '/var/lib/cni/results'
  for (const name of list(results)) if (name.startsWith(`${state.namespace}-`)) await rm(join(results, name))
  const links = '/var/log/containers'
  for (const name of list(links)) {
    const path = join(links, name)
    if (lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${state.directory}/`)) await rm(path)
  }
}

const list = (directory: string) => (existsSync(directory) ? readdirSync(directory) : [])
