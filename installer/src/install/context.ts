import path from 'node:path'
import type { CopyProgress } from '@sealift/bundle-spec/copy.ts'
import type { ContentStore } from '@sealift/bundle-spec/store.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { type Cluster, connectCluster } from '../cluster/connection.ts'
import { type HelmRelease, type HelmStatus, helmStatus, helmTemplate, platformRelease } from '../cluster/helm.ts'
import type { HelmBinary } from '../cluster/helm-process.ts'
import type { NodesSeen } from '../cluster/node-look.ts'
import { apiResources } from '../cluster/permissions.ts'
import { type RenderedObject, renderedObjects } from '../coverage/rendered-yaml.ts'
import type { InstallBundle } from './bundle.ts'
import { checkChartArchive } from './chart-archive.ts'
import { chartValues } from './chart-values.ts'
import { extract } from './extract.ts'
import { helmFile } from './helm-file.ts'
import type { JournalEntry } from './journal.ts'
import { once } from './once.ts'
import { readRegistryCa } from './registry-access.ts'
import type { SeededImages } from './seed-images.ts'
import type { FrontSeen } from './websocket.ts'

/** What an installation is given from outside. */
export interface InstallDeps {
  bundle: InstallBundle
  /** the site's registry, as this machine reaches it */
  registry: ContentStore
  /** Puts the images of the bundle, and what refers to them, into the registry. */
  seed(options: { signal: AbortSignal; onProgress(progress: CopyProgress): void }): Promise<SeededImages>
  /** where journal, receipt, the CA of the site, and files taken out of the bundle are kept */
  stateDir: string
  /** default 10 minutes, in milliseconds: how long the platform may take to become ready */
  timeout?: number
  /** default 20 seconds, in milliseconds: how long another run in the state directory is waited for */
  lockWait?: number
}

/** What stages share. Whatever costs something is made when it is first asked for, once. */
export interface InstallContext extends InstallDeps {
  answers: CompleteAnswers
  signal: AbortSignal
  helmRelease: HelmRelease
  timeout: number
  /** what earlier runs wrote into the journal of this state directory */
  earlier: readonly JournalEntry[]
  /** milliseconds that each finished stage took */
  times: Record<string, number>
  /** set by the first stage that changes the cluster: from then on the journal is kept there too */
  changesCluster: boolean
  /** whether this is an upgrade: what cannot be changed is made anew then, and there is a way back */
  upgrades: boolean
  /** what one check saw and others judge */
  seen: { nodes?: NodesSeen; front?: FrontSeen }
  cluster(): Cluster
  helm(): Promise<HelmBinary>
  /** path of the chart archive, taken out of the bundle and checked */
  chart(): Promise<string>
  values(): Record<string, unknown>
  /** `v1.34.4` */
  kubeVersion(): Promise<string>
  /** the chart, rendered with the site's values */
  rendered(): Promise<string>
  objects(): Promise<RenderedObject[]>
  /** read anew each time */
  status(): Promise<HelmStatus | undefined>
}

export function createContext(
  answers: CompleteAnswers,
  deps: InstallDeps,
  signal: AbortSignal,
  earlier: readonly JournalEntry[],
): InstallContext {
  const files = path.join(deps.stateDir, 'files')
  const helmRelease = platformRelease(answers.namespace)
  const hasCa = answers.tls === undefined || answers.tls.caFile !== undefined
  const cluster = once(() => connectCluster(answers, signal))
  const values = once(() => chartValues(answers, deps.bundle.release, hasCa, readRegistryCa(answers)))
  const helm = once(async () => ({
    path: await extract(await deps.bundle.file(helmFile(deps.bundle.release)), files, 'helm', 0o755),
    home: path.join(deps.stateDir, 'helm'),
  }))
  const chart = once(async () => {
    const archive = await extract(await deps.bundle.chart(), files, 'chart.tgz', 0o600)
    await checkChartArchive(archive)
    return archive
  })
  const kubeVersion = once(async () => {
    const { version, request } = cluster()
    return (await request('ask for the version of Kubernetes', () => version.getCode())).gitVersion
  })
  const rendered = once(async () =>
    helmTemplate(
      await helm(),
      helmRelease,
      { chart: await chart(), values: values() },
      {
        signal,
        kubeVersion: await kubeVersion(),
        apiVersions: await optionalKinds(cluster()),
      },
    ),
  )
  return {
    ...deps,
    answers,
    signal,
    helmRelease,
    earlier,
    timeout: deps.timeout ?? 600_000,
    times: {},
    changesCluster: false,
    upgrades: false,
    seen: {},
    cluster,
    helm,
    chart,
    values,
    kubeVersion,
    rendered,
    objects: once(async () => renderedObjects(await rendered())),
    status: async () => helmStatus(await helm(), answers, helmRelease, { signal }),
  }
}

/** What the chart makes only where the cluster has the kind; Helm finds it in `.Capabilities` when it installs. */
async function optionalKinds(cluster: Cluster): Promise<string[]> {
  const cilium = await apiResources(cluster)('cilium.io/v2', 'CiliumNetworkPolicy')
  return cilium ? ['cilium.io/v2/CiliumNetworkPolicy'] : []
}
