import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { startDaemon, waitFor } from './daemon.ts'
import { podRange } from './network.ts'
import { stopProcesses } from './process.ts'
import { type LabState, recordedProcesses } from './state.ts'

export const pauseImage = 'sealift.lab/pause:1'

const socketOf = (state: LabState) => join(state.directory, 'containerd.sock')
const quote = (text: string) => JSON.stringify(text)

/** Starts containerd with everything it keeps below the state directory, and waits until it answers. */
export async function startContainerd(state: LabState): Promise<{ socket: string }> {
  const at = (name: string) => quote(join(state.directory, name))
  await mkdir(join(state.directory, 'certs.d'), { recursive: true })
  await mkdir(join(state.directory, 'cni'), { recursive: true })
  const socket = socketOf(state)
  // restrict_oom_score_adj: without CAP_SYS_RESOURCE runc dies when a pod asks for a lower score than its parent's
  const config = `version = 2
root = ${at('containerd')}
state = ${at('containerd-state')}
[grpc]
  address = ${quote(socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${at('containerd-opt')}
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = ${quote(pauseImage)}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${at('cni')}
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${at('certs.d')}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = ${at('runc')}
`
  await writeFile(join(state.directory, 'containerd.toml'), config)
  await writeFile(join(state.directory, 'cni', '10-site.conflist'), JSON.stringify(podNetwork(state), null, 2))
  await runContainerd(state, {})
  return { socket }
}

async function runContainerd(state: LabState, variables: Readonly<Record<string, string>>): Promise<void> {
  const given = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const command = ['env', ...given, 'containerd', '--config', join(state.directory, 'containerd.toml')]
  await startDaemon(state, 'containerd', command)
  await waitFor(state, 'containerd', 30_000, async () => (await ctr(state, ['version'])) !== '')
}

/** Starts containerd once more with these variables, as a drop-in of its unit sets them; what runs goes on. */
export async function restartContainerd(state: LabState, variables: Readonly<Record<string, string>>): Promise<void> {
  const [left] = await stopProcesses(
    recordedProcesses(state).filter(({ name }) => name === 'containerd'),
    20_000,
  )
  if (left) throw new Error(`containerd (${left.pid}) does not end`)
  await runContainerd(state, variables)
}

/** Pods are routed, not bridged, so that Services between pods need no br_netfilter in the kernel. */
function podNetwork(state: LabState): object {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: podRange.replace('/16', '/24') }]],
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: join(state.directory, 'addresses'),
  }
  return {
    cniVersion: '0.4.0',
    name: state.namespace,
    plugins: [
      { type: 'ptp', ipMasq: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  }
}

/** Runs containerd's client in the namespace that Kubernetes uses; returns what it prints. */
export async function ctr(state: LabState, args: readonly string[], timeout = 20_000): Promise<string> {
  return await run('ctr', ['--address', socketOf(state), '--namespace', 'k8s.io', ...args], { timeout })
}

/** Puts the images of an archive (OCI layout or docker save, tar) on the node. */
export async function importImage(state: LabState, archive: string): Promise<void> {
  await ctr(state, ['images', 'import', '--no-unpack', archive], 300_000)
}
