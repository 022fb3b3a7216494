import { setTimeout as sleep } from 'node:timers/promises'
import {
  CoreV1Api,
  DiscoveryV1Api,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  ListWatch,
  NetworkingV1Api,
  type V1EndpointSlice,
  type V1Ingress,
  type V1Secret,
  type V1Service,
  Watch,
} from '@kubernetes/client-node'
import type { Objects } from './compile.ts'
import { isOfClass } from './ingress-class.ts'
import type { Log } from './nginx.ts'

export interface Cluster {
  /** Starts all watches; resolves when each has its first list. */
  start(): Promise<void>
  stop(): Promise<void>
  read(): Objects
}

/** Longest pause between two watches of one kind, in milliseconds; the library's own grows to 30 seconds. */
const pauseMs = 500
/** Pause before another try after an error, in milliseconds. */
const errorPauseMs = 2_000

export interface WatchOptions {
  namespace: string
  className: string
  /** names of the TLS secrets that may be read; undefined: all of the namespace */
  tlsSecrets?: readonly string[] | undefined
  log: Log
}

/** Watches what the configuration is made of in one namespace; `onChange` is told of every difference. */
export function watchCluster(
  kubeConfig: KubeConfig,
  { namespace, className, tlsSecrets, log }: WatchOptions,
  onChange: () => void,
): Cluster {
  const core = kubeConfig.makeApiClient(CoreV1Api)
  const networking = kubeConfig.makeApiClient(NetworkingV1Api)
  const discovery = kubeConfig.makeApiClient(DiscoveryV1Api)
  let stopped = false

  function watch<T extends KubernetesObject>(
    group: string,
    plural: string,
    list: () => Promise<KubernetesListObject<T>>,
    fieldSelector?: string,
  ) {
    const path = `${group}/namespaces/${namespace}/${plural}`
    const delayFn = (ms: number) => sleep(Math.min(ms, pauseMs))
    const objects = new ListWatch<T>(path, new Watch(kubeConfig), list, false, undefined, fieldSelector, { delayFn })
    let listed = () => {}
    const first = new Promise<void>((resolve) => {
      listed = resolve
    })
    const listing = async () => {
      await objects.start().catch(retry)
      if (objects.latestResourceVersion() !== '') listed()
    }
    const retry = (error: unknown) => {
      if (stopped) return
      log.warn({ plural, error: error instanceof Error ? error.message : String(error) }, 'watch failed, trying again')
      setTimeout(() => void listing(), errorPauseMs).unref()
    }
    objects.on('change', onChange)
    objects.on('error', retry)
    return { objects, first, listing }
  }

  const ingresses = watch<V1Ingress>('/apis/networking.k8s.io/v1', 'ingresses', () =>
    networking.listNamespacedIngress({ namespace }),
  )
  const services = watch<V1Service>('/api/v1', 'services', () => core.listNamespacedService({ namespace }))
  const slices = watch<V1EndpointSlice>('/apis/discovery.k8s.io/v1', 'endpointslices', () =>
    discovery.listNamespacedEndpointSlice({ namespace }),
  )
  // A Role that names secrets allows to list and watch them by that name only (Kubernetes, RBAC, resourceNames).
  const selectors = tlsSecrets?.map((name) => `metadata.name=${name}`) ?? ['type=kubernetes.io/tls']
  const secrets = selectors.map((fieldSelector) =>
    watch<V1Secret>('/api/v1', 'secrets', () => core.listNamespacedSecret({ namespace, fieldSelector }), fieldSelector),
  )
  const all = [ingresses, services, slices, ...secrets]

  return {
    async start() {
      await Promise.all(all.flatMap(({ listing, first }) => [listing(), first]))
    },
    async stop() {
      stopped = true
      await Promise.all(all.map(({ objects }) => objects.stop()))
    },
    read: () => ({
      ingresses: ingresses.objects.list().filter((ingress) => isOfClass(ingress, className)),
      services: services.objects.list(),
      slices: slices.objects.list(),
      secrets: secrets.flatMap(({ objects }) => objects.list()),
    }),
  }
}
