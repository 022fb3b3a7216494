import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { childTimes } from '../child-process.ts'
import type { ClusterAddress } from './connection.ts'
import { type HelmBinary, type HelmRun, runHelm } from './helm-process.ts'

/** Which Helm release is meant, where. */
export interface HelmRelease {
  name: string
  namespace: string
}

/** The release that an installation makes of its namespace. */
export const platformRelease = (namespace: string): HelmRelease => ({ name: 'cde', namespace })

/** What is to be rendered or installed. `chart` is the path of an archive or a directory. */
export interface HelmChart {
  chart: string
  values: Record<string, unknown>
}

export interface HelmCaller {
  signal: AbortSignal
  onLine?: (line: string) => void
}

/**
 * Renders a chart, without asking a cluster. `kubeVersion` (`v1.34.4`) and `apiVersions` are what the chart finds in
 * `.Capabilities`. With `address` it asks that cluster, as Helm does when it upgrades: `lookup` finds what is there. Hooks,
 * tests and CRDs are rendered too: their images are needed as well. Helm renders all of it in memory before it writes: both
 * are bounded.
 * @throws SealiftError CLUSTER_HELM_TEMPLATE, CLUSTER_HELM_TIME, BUILD_RENDERED where it is too much
 */
export async function helmTemplate(
  helm: HelmBinary,
  release: HelmRelease,
  { chart, values }: HelmChart,
  options: HelmCaller & {
    kubeVersion?: string
    apiVersions?: readonly string[]
    isUpgrade?: boolean
    address?: ClusterAddress
    /** milliseconds that it may take; default 5 minutes */
    time?: number
  },
): Promise<string> {
  const args = ['template', release.name, chart, '--namespace', release.namespace, '--values', '-', '--include-crds']
  if (options.kubeVersion) args.push('--kube-version', options.kubeVersion)
  for (const version of options.apiVersions ?? []) args.push('--api-versions', version)
  if (options.isUpgrade) args.push('--is-upgrade')
  if (options.address) args.push('--dry-run=server', ...clusterFlags(options.address))
  const { status, stdout, stderr, beyond } = await runHelm(helm, {
    args,
    stdin: JSON.stringify(values),
    time: childTimes.render,
    output: limits.rendered,
    memory: limits.renderMemory,
    ...options,
  })
  if (beyond !== undefined)
    throw new SealiftError('BUILD_RENDERED', 'the chart renders to more than any release needs', {
      why:
        beyond === 'output'
          ? `helm wrote more than ${limits.rendered} bytes`
          : `helm took more than ${limits.renderMemory} bytes of memory for it`,
      fix: 'look for what repeats itself in its templates or values: helm template CHART --values VALUES',
    })
  if (status === 0) return stdout
  throw new SealiftError('CLUSTER_HELM_TEMPLATE', 'the chart does not render with these values', {
    why: reason(stderr),
    fix: 'check the values in the answers: each must be one that the chart knows',
  })
}

export interface HelmUpgrade extends HelmCaller {
  /** milliseconds until an installation that does not become ready counts as failed */
  timeout: number
  /** stands in the release's history */
  description: string
  /** whether it takes back what it did where that fails */
  takesBack: boolean
  /** whether fields that somebody else has set are taken over; else they stop it */
  takesOver?: boolean
  onStart?: (pid: number) => void
  /** ends it at once, for a later run to go on with what is there */
  kill?: AbortSignal
}

/**
 * Installs or upgrades and waits until everything is ready.
 * @throws SealiftError CLUSTER_HELM_UPGRADE with what helm said; CLUSTER_HELM_TIME; CLUSTER_HELM_BUSY where another helm is at work
 */
export async function helmUpgrade(
  helm: HelmBinary,
  address: ClusterAddress,
  release: HelmRelease,
  { chart, values }: HelmChart,
  { timeout, description, takesBack, takesOver = false, ...caller }: HelmUpgrade,
): Promise<void> {
  const args = ['upgrade', '--install', release.name, chart, '--namespace', release.namespace, '--values', '-']
  args.push(...waiting(timeout))
  if (takesBack) args.push('--rollback-on-failure')
  if (takesOver) args.push('--force-conflicts')
  args.push('--reset-values', '--history-max', '10', '--hide-notes', '--description', description)
  await change(helm, release, 'install', {
    args: [...args, ...clusterFlags(address)],
    stdin: JSON.stringify(values),
    time: changeTime(timeout),
    grace: 120_000,
    ...caller,
  })
}

/**
 * Makes an earlier revision the newest one again, and waits until everything is ready. What somebody else owns is taken over.
 * @throws SealiftError CLUSTER_HELM_UPGRADE with what helm said; CLUSTER_HELM_TIME; CLUSTER_HELM_BUSY where another helm is at work
 */
export async function helmRollback(
  helm: HelmBinary,
  address: ClusterAddress,
  release: HelmRelease,
  revision: number,
  { timeout, ...caller }: HelmCaller & Pick<HelmUpgrade, 'timeout' | 'onStart' | 'kill'>,
): Promise<void> {
  const args = ['rollback', release.name, String(revision), '--namespace', release.namespace, '--history-max', '10']
  args.push(...waiting(timeout), '--force-conflicts')
  await change(helm, release, 'take back', {
    args: [...args, ...clusterFlags(address)],
    time: changeTime(timeout),
    grace: 5_000,
    ...caller,
  })
}

/** Helm counts its timeout anew for hooks before, what becomes ready, hooks after, and what it takes back. */
const changeTime = (timeout: number): number => 4 * timeout + childTimes.ask

const waiting = (timeout: number): string[] => [
  ...['--wait=watcher', '--wait-for-jobs', '--timeout', `${Math.ceil(timeout / 1000)}s`],
]

async function change(helm: HelmBinary, release: HelmRelease, verb: string, run: HelmRun): Promise<void> {
  const { status, stderr } = await runHelm(helm, run)
  if (status === 0) return
  const busy = /another operation .* is in progress/.test(stderr)
  throw new SealiftError(
    busy ? 'CLUSTER_HELM_BUSY' : 'CLUSTER_HELM_UPGRADE',
    busy ? `another helm works on release ${release.name}` : `helm could not ${verb} release ${release.name}`,
    {
      why: reason(stderr),
      fix: busy
        ? `see who: helm history ${release.name} --namespace ${release.namespace}`
        : `see what the cluster says: kubectl get pods,events --namespace ${release.namespace}`,
    },
  )
}

/** What Helm knows of a release. `status` is deployed, failed, pending-install, … */
export interface HelmStatus {
  status: string
  revision: number
  description: string
  values: Record<string, unknown>
  /** the objects of the release, as YAML */
  manifest: string
}

/**
 * Reads the latest revision of a release; undefined where there is none.
 * @throws SealiftError CLUSTER_HELM
 */
export async function helmStatus(
  helm: HelmBinary,
  address: ClusterAddress,
  release: HelmRelease,
  caller: HelmCaller,
): Promise<HelmStatus | undefined> {
  const args = ['status', release.name, '--namespace', release.namespace, '--output', 'json', ...clusterFlags(address)]
  const { status, stdout, stderr } = await runHelm(helm, { args, ...caller })
  if (status !== 0 && /release: not found/.test(stderr)) return undefined
  const failed = (why: string, cause?: unknown) =>
    new SealiftError('CLUSTER_HELM', `helm cannot tell the state of release ${release.name}`, { why, cause })
  if (status !== 0) throw failed(reason(stderr))
  try {
    const { info, config, manifest, version } = JSON.parse(stdout)
    return {
      status: String(info.status),
      description: String(info.description ?? ''),
      revision: Number(version),
      values: config ?? {},
      manifest: String(manifest ?? ''),
    }
  } catch (cause) {
    throw failed('its answer is not the JSON that Helm 4 writes', cause)
  }
}

const clusterFlags = ({ kubeconfig, context }: ClusterAddress): string[] => [
  ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
  ...(context === undefined ? [] : ['--kube-context', context]),
]

/** The lines of helm's complaint without its log lines. */
function reason(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^(level=|time=|WARNING)/.test(line))
  return lines.slice(-6).join('; ').slice(0, 1500) || 'it gave no reason'
}
