import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  type V1Deployment,
  type V1Pod,
  VersionApi,
} from '@kubernetes/client-node'
import type { FastifyBaseLogger } from 'fastify'
import { inTime } from '../../time-limit.ts'
import type { WorkspaceDefaults } from '../environment.ts'
import { EngineRefusal, type WorkspaceEngine } from './engine.ts'
import { readMetrics } from './kubernetes-metrics.ts'
import { type Watched, watchObjects } from './kubernetes-watch.ts'
import { objectNames, workspaceObjects, workspaceSelector } from './objects.ts'
import { observation } from './observation.ts'

const fieldManager = 'cde-manager'
const callLimit = 20_000
/** How long after applying an object the watch may still not have seen it, in milliseconds. */
const watchLag = 15_000

/**
 * Runs workspaces on Kubernetes: a ServiceAccount without rights, a PersistentVolumeClaim, a Deployment and two Services
 * each, applied server-side, so that applying twice or by two replicas changes nothing.
 */
export function kubernetesEngine(
  config: KubeConfig,
  site: WorkspaceDefaults,
  log: Pick<FastifyBaseLogger, 'warn'>,
): WorkspaceEngine {
  const api = KubernetesObjectApi.makeApiClient(config)
  const apps = config.makeApiClient(AppsV1Api)
  const core = config.makeApiClient(CoreV1Api)
  const { namespace } = site
  const appliedAt = new Map<string, number>()
  /** generation of each Deployment as the API server answered it last */
  const appliedGeneration = new Map<string, number>()
  let deployments: Watched<V1Deployment> | undefined
  let pods: Watched<V1Pod> | undefined

  return {
    async apply(spec) {
      appliedAt.set(spec.id, Date.now())
      for (const object of workspaceObjects(spec, site)) {
        const made = await call(() =>
          api.patch<KubernetesObject>(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply),
        )
        if (made.kind === 'Deployment') appliedGeneration.set(spec.id, made.metadata?.generation ?? 0)
      }
    },

    async remove(id) {
      appliedAt.delete(id)
      appliedGeneration.delete(id)
      const { base, home, pod } = objectNames(id)
      const left = await Promise.all(
        [
          { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: base, namespace } },
          { apiVersion: 'v1', kind: 'Service', metadata: { name: base, namespace } },
          { apiVersion: 'v1', kind: 'Service', metadata: { name: pod, namespace } },
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: base, namespace } },
          { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: home, namespace } },
        ].map(async (object) => {
          try {
            await call(() => api.delete(object))
            return true
          } catch (error) {
            if (isNotFound(error)) return false
            throw error
          }
        }),
      )
      return !left.includes(true)
    },

    observe(id) {
      if (deployments?.current() !== true || pods?.current() !== true) return { seen: 'unknown' }
      const [deployment] = deployments.of(id)
      if (deployment === undefined && Date.now() - (appliedAt.get(id) ?? 0) < watchLag)
        return { seen: 'present', ready: false, off: false }
      // the watch may still show what was before the last apply
      if ((deployment?.metadata?.generation ?? 0) < (appliedGeneration.get(id) ?? 0) && deployment !== undefined)
        return { seen: 'present', ready: false, off: false }
      return observation(deployment, pods.of(id))
    },

    stats: () => readMetrics(config, namespace),

    async check() {
      await call(() => config.makeApiClient(VersionApi).getCode())
    },

    async watch(changed) {
      deployments = watchObjects({
        config,
        path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
        list: () => apps.listNamespacedDeployment({ namespace, labelSelector: workspaceSelector }),
        changed(id) {
          // the watch has seen it: from now on the watch alone is right
          appliedAt.delete(id)
          changed(id)
        },
        log,
      })
      pods = watchObjects({
        config,
        path: `/api/v1/namespaces/${namespace}/pods`,
        list: () => core.listNamespacedPod({ namespace, labelSelector: workspaceSelector }),
        changed,
        log,
      })
    },

    async close() {
      await Promise.all([deployments?.close(), pods?.close()])
    },
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof EngineRefusal && error.cause instanceof ApiException && error.cause.code === 404

/** Calls the API with a time limit; what it refuses for good becomes an EngineRefusal with its own words. */
async function call<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await inTime(work(), callLimit, 'Kubernetes')
  } catch (error) {
    if (
      error instanceof ApiException &&
      error.code >= 400 &&
      error.code < 500 &&
      error.code !== 429 &&
      error.code !== 409
    )
      throw new EngineRefusal(`Kubernetes refuses: ${statusMessage(error)}`, error)
    throw error
  }
}

/** The message of the Status object that Kubernetes answers failures with. */
function statusMessage(error: ApiException<unknown>): string {
  try {
    const body = typeof error.body === 'string' ? JSON.parse(error.body) : error.body
    if (typeof body?.message === 'string') return body.message
  } catch {
    // not JSON: the code has to do
  }
  return `HTTP ${error.code}`
}
