import {
  ApiException,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  type V1PersistentVolumeClaim,
  VersionApi,
} from '@kubernetes/client-node'
import type { FastifyBaseLogger } from 'fastify'
import { inTime } from '../../time-limit.ts'
import type { WorkspaceDefaults } from '../environment.ts'
import { homeState, lacksAny } from './belongings.ts'
import { EngineRefusal, type WorkspaceEngine } from './engine.ts'
import { readMetrics } from './kubernetes-metrics.ts'
import { watchAll } from './kubernetes-watches.ts'
import { objectNames, workspaceObjects } from './objects.ts'
import { observation } from './observation.ts'

const fieldManager = 'cde-manager'
const callLimit = 20_000
/** A disk grows while the database waits: shorter than its own patience with a transaction. */
const growLimit = 10_000
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
  const { namespace } = site
  const appliedAt = new Map<string, number>()
  /** generation of each Deployment as the API server answered it last */
  const appliedGeneration = new Map<string, number>()
  /** when a workspace was applied last, unless something of it has gone since */
  const lastApply = new Map<string, number>()
  let watches: ReturnType<typeof watchAll> | undefined

  /** What is seen beside Deployment and pods; nothing where a watch is broken. Right after an apply nothing is missed. */
  function beside(id: string, { services, accounts, claims }: ReturnType<typeof watchAll>) {
    const settled = Date.now() - (lastApply.get(id) ?? 0) > watchLag
    return {
      ...(settled && services.current() && accounts.current()
        ? { lacks: lacksAny(id, { services: services.of(id), accounts: accounts.of(id) }) }
        : {}),
      ...(claims.current()
        ? { home: homeState(claims.of(id).find(({ metadata }) => metadata?.name === objectNames(id).home)) }
        : {}),
    }
  }

  return {
    async apply(spec) {
      appliedAt.set(spec.id, Date.now())
      lastApply.set(spec.id, Date.now())
      for (const object of workspaceObjects(spec, site)) {
        if (spec.homeMade === true && object.kind === 'PersistentVolumeClaim') continue
        const made = await call(() =>
          api.patch<KubernetesObject>(object, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply),
        )
        if (made.kind === 'Deployment') appliedGeneration.set(spec.id, made.metadata?.generation ?? 0)
      }
      if (lastApply.has(spec.id)) lastApply.set(spec.id, Date.now())
    },

    async growHome(id, diskGiB) {
      const claim: V1PersistentVolumeClaim = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: objectNames(id).home, namespace },
        spec: { resources: { requests: { storage: `${diskGiB}Gi` } } },
      }
      const merge = PatchStrategy.MergePatch
      await call(
        () => api.patch(claim as KubernetesObject, undefined, undefined, fieldManager, undefined, merge),
        growLimit,
      )
    },

    async remove(id) {
      appliedAt.delete(id)
      appliedGeneration.delete(id)
      lastApply.delete(id)
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
      if (watches?.deployments.current() !== true || !watches.pods.current()) return { seen: 'unknown' }
      const [deployment] = watches.deployments.of(id)
      if (deployment === undefined && Date.now() - (appliedAt.get(id) ?? 0) < watchLag)
        return { seen: 'present', ready: false, off: false }
      // the watch may still show what was before the last apply
      if ((deployment?.metadata?.generation ?? 0) < (appliedGeneration.get(id) ?? 0) && deployment !== undefined)
        return { seen: 'present', ready: false, off: false }
      const seen = observation(deployment, watches.pods.of(id))
      return seen.seen === 'present' ? { ...seen, ...beside(id, watches) } : seen
    },

    stats: () => readMetrics(config, namespace),

    async check() {
      await call(() => config.makeApiClient(VersionApi).getCode())
    },

    async watch(changed) {
      watches = watchAll({
        config,
        namespace,
        log,
        heard: {
          deployments(id, gone) {
            // the watch has seen it: from now on the watch alone is right
            appliedAt.delete(id)
            changed(id, gone)
          },
          // a pod comes and goes by its Deployment alone
          pods: (id) => changed(id, false),
          others(id, gone) {
            // it was there, so that the watch is not behind
            if (gone) lastApply.delete(id)
            changed(id, gone)
          },
        },
      })
    },

    async close() {
      await Promise.all(Object.values(watches ?? {}).map((watched) => watched.close()))
    },
  }
}

const isNotFound = (error: unknown): boolean =>
  error instanceof EngineRefusal && error.cause instanceof ApiException && error.cause.code === 404

/** Calls the API with a time limit; what it refuses for good becomes an EngineRefusal with its own words. */
async function call<T>(work: () => Promise<T>, limit = callLimit): Promise<T> {
  try {
    return await inTime(work(), limit, 'Kubernetes')
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
