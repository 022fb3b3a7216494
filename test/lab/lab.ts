import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { withLock } from '../../manifests/images/lock.ts'
import { type Binaries, buildBinaries } from './binaries.ts'
import { type CommandOptions, run } from './command.ts'
import { ctr, importImage, pauseImage, restartContainerd, startContainerd } from './containerd.ts'
import { raw, startControlPlane } from './controlplane.ts'
import { startDaemon, waitFor } from './daemon.ts'
import { takeDown } from './down.ts'
import { writeImageArchive } from './image.ts'
import { createNetwork, type SiteNetwork } from './network.ts'
import { startNetworkPolicies } from './network-policy.ts'
import { nodeName, startNode } from './node.ts'
import { obstacle } from './obstacle.ts'
import { ensurePackages } from './packages.ts'
import { isRunning } from './process.ts'
import { type LabState, labState, readReady, recordedProcesses, writeReady } from './state.ts'
import { kubectlBinary } from './tools.ts'
import { distrustRegistry, type TrustOptions, trustRegistry } from './trust.ts'

/** A site: one Kubernetes node that nothing can leave, and the machine that it is wired to, the bastion. */
export type Lab = {
  name: string
  /** path of an administrator's kubeconfig */
  kubeconfig: string
  /** this machine, as the site sees it */
  bastionAddress: string
  /** the node, as this machine sees it; also the address of every LoadBalancer Service */
  nodeAddress: string
  networkNamespace: string
  stateDirectory: string
  /** whether `up` found it running */
  reused: boolean
  /** Makes the node trust a registry (`name[:port]`) by a CA file, at once. */
  trust: (host: string, caFile: string, options?: TrustOptions) => Promise<void>
  distrust: (host: string) => Promise<void>
  /** Puts the images of a tar archive (OCI layout or docker save) on the node. */
  importImage: (archive: string) => Promise<void>
  /** Runs kubectl as administrator; returns what it prints. */
  kubectl: (args: readonly string[], options?: CommandOptions) => Promise<string>
  /** Restarts containerd with these variables (HTTPS_PROXY, NO_PROXY); with none it is as in a new lab. */
  runtimeVariables: (variables: Readonly<Record<string, string>>) => Promise<void>
  /** Runs containerd's client on the node (namespace k8s.io). */
  ctr: (args: readonly string[]) => Promise<string>
}

export type Component = { name: string; pid: number; running: boolean }
export type LabStatus = { state: 'absent' | 'running' | 'broken'; components: Component[]; lab?: Lab }

const patience = 45 * 60_000
const images = { pause: pauseImage, coredns: 'sealift.lab/coredns:1', probe: 'sealift.lab/probe:1' }
/** Image of the self-check's program (test/lab/kubernetes/probe), on every lab's node. */
export const probeImage = images.probe

/**
 * Brings the lab up; one that runs and is healthy is used as it is, a broken one is taken down first, and where it is to
 * be `fresh` any other, with all that somebody left in it.
 */
export async function up(options: { name?: string; fresh?: boolean; log?: (line: string) => void } = {}): Promise<Lab> {
  const state = labState(options.name)
  const log = options.log ?? (() => {})
  const reason = await obstacle()
  if (reason !== undefined) throw new SealiftError('USAGE_LAB_MACHINE', `no lab can run here: ${reason}`)
  const work = async () => {
    const now = await inspect(state)
    if (!options.fresh && now.state === 'running' && now.lab !== undefined) {
      log(`lab ${state.name} is running and healthy: used as it is`)
      return now.lab
    }
    await ensurePackages('lab')
    const binaries = await buildBinaries(log)
    if (await takeDown(state)) log('removed what an earlier lab left')
    const start = performance.now()
    const network = await boot(state, binaries, log)
    const bootSeconds = Math.round((performance.now() - start) / 100) / 10
    await writeReady(state, { network, bootSeconds })
    log(`lab ${state.name} is up after ${bootSeconds} s: KUBECONFIG=${state.kubeconfig}`)
    return labOf(state, network, false)
  }
  return await withLock(`lab ${state.directory}`, work, { patience })
}

async function boot(state: LabState, binaries: Binaries, log: (line: string) => void): Promise<SiteNetwork> {
  await mkdir(join(state.directory, 'volumes'), { recursive: true })
  // pods reach their volumes by bind mounts; nobody else needs to look into it
  await chmod(state.directory, 0o711)
  const network = await createNetwork(state.namespace)
  log(`site ${state.namespace}: bastion ${network.bastionAddress}, node ${network.nodeAddress}`)
  const [controlPlane, socket] = await Promise.all([
    startControlPlane(state, network, binaries.hyperkube),
    startContainerd(state).then(async ({ socket }) => {
      for (const [name, reference] of Object.entries(images)) {
        const archive = join(state.directory, `${name}.tar`)
        await writeImageArchive(archive, binaries[name as keyof typeof images], reference)
        await importImage(state, archive)
      }
      return socket
    }),
  ])
  log('control plane answers')
  await startNode(state, network, controlPlane, binaries.hyperkube, socket)
  await startNetworkPolicies(state, controlPlane, binaries.kubeRouter)
  const kubeconfig = await controlPlane.kubeconfigFor('controllers', 'sealift-lab:controllers')
  const manifests = join(import.meta.dirname, 'kubernetes')
  const files = ['access.yaml', 'coredns.yaml'].flatMap((file) => ['--filename', join(manifests, file)])
  await kubectl(state, ['apply', '--server-side', ...files])
  const controllers = join(import.meta.dirname, 'controllers.ts')
  const volumes = join(state.directory, 'volumes')
  await startDaemon(state, 'controllers', [process.execPath, controllers, kubeconfig, network.nodeAddress, volumes])
  await waitFor(state, 'the node and its name service', 120_000, () => healthy(state))
  return network
}

async function healthy(state: LabState): Promise<boolean> {
  if ((await raw(state, '/readyz')) !== 'ok') return false
  const jsonpath = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}{.status.availableReplicas}'
  const node = await kubectl(state, ['get', 'node', nodeName, jsonpath])
  const dns = await kubectl(state, ['get', 'deployment', 'coredns', '--namespace=kube-system', jsonpath])
  return node === 'True' && dns === '1'
}

const kubectl = async (state: LabState, args: readonly string[], options?: CommandOptions) =>
  await run(await kubectlBinary(), [`--kubeconfig=${state.kubeconfig}`, ...args], options)

function labOf(state: LabState, network: SiteNetwork, reused: boolean): Lab {
  return {
    name: state.name,
    kubeconfig: state.kubeconfig,
    bastionAddress: network.bastionAddress,
    nodeAddress: network.nodeAddress,
    networkNamespace: state.namespace,
    stateDirectory: state.directory,
    reused,
    trust: (host, caFile, options) => trustRegistry(state, host, caFile, options),
    distrust: (host) => distrustRegistry(state, host),
    importImage: (archive) => importImage(state, archive),
    kubectl: (args, options) => kubectl(state, args, options),
    runtimeVariables: (variables) => restartContainerd(state, variables),
    ctr: (args) => ctr(state, args),
  }
}

async function inspect(state: LabState): Promise<LabStatus> {
  const components = recordedProcesses(state).map((record) => ({ ...record, running: isRunning(record) }))
  if (components.length === 0) return { state: 'absent', components }
  const ready = readReady(state)
  const runs =
    ready !== undefined && components.every(({ running }) => running) && (await healthy(state).catch(() => false))
  return runs
    ? { state: 'running', components, lab: labOf(state, ready.network, true) }
    : { state: 'broken', components }
}

/** What runs of the lab; changes nothing and waits for nobody. */
export async function status(options: { name?: string } = {}): Promise<LabStatus> {
  return await inspect(labState(options.name))
}

/** Takes the lab away, also after a crash. Returns whether there was one. */
export async function down(options: { name?: string } = {}): Promise<boolean> {
  const state = labState(options.name)
  return await withLock(`lab ${state.directory}`, () => takeDown(state), { patience })
}
