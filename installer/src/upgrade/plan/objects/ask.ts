import type { KubernetesObject } from '@kubernetes/client-node'
import type { Answered, Cluster, RawOptions } from '../../../cluster/connection.ts'
import { isTransient } from '../../../cluster/failure.ts'
import { type Kind, pathOf } from '../../../cluster/kinds.ts'
import { apiResources } from '../../../cluster/permissions.ts'
import { settled } from '../../../cluster/settled.ts'
import { type Refusal, refusalIn } from './status.ts'

/** As whom Helm owns fields: it takes the name of its executable (helm.sh/helm, pkg/kube/client.go, ManagedFieldsManager). */
export const helmManager = 'helm'

/** Whom nobody else's fields are of: Helm, and the API server where it had forgotten whose an object is. */
export const nobodyElse: ReadonlySet<string> = new Set([helmManager, 'before-first-apply'])

/** What became of a request that was only tried. */
export type Tried = { kept: KubernetesObject } | { refused: Refusal }

/** An object's own place in the API. */
export interface Place {
  kind: Kind
  namespace?: string
  name: string
}

/** The API of one cluster, as plans and repairs ask it. */
export function objectApi(cluster: Cluster) {
  const find = apiResources(cluster)
  const send = (doing: string, method: 'GET' | 'PATCH' | 'POST' | 'DELETE', path: string, options?: RawOptions) =>
    cluster.request<Answered>(doing, async () => {
      const answer = await cluster.ask(method, path, options)
      const { status: code, text: body } = answer
      // as the clients' own failures: request asks again, and says who is not let in
      if (code === 401 || isTransient({ code }) || (code === 403 && isUnauthorized.test(body)))
        throw Object.assign(new Error(`status ${code}`), { code, body })
      return answer
    })
  const at = ({ kind, namespace, name }: Place) => pathOf(kind, namespace, name)
  const called = ({ kind, name }: Place) => `${kind.kind} ${name}`
  const result = ({ status, text }: Answered): Tried =>
    status < 300 ? { kept: JSON.parse(text) } : { refused: refusalIn(status, text) }

  return {
    /** Where an object is; undefined where the cluster has no such kind. */
    async place(object: KubernetesObject, namespace: string): Promise<Place | undefined> {
      const { apiVersion = '', kind = '', metadata } = object
      if (!isApiVersion.test(apiVersion)) return undefined
      const found = await find(apiVersion, kind)
      const within = found?.namespaced ? { namespace: metadata?.namespace ?? namespace } : {}
      return found && { kind: { apiVersion, kind, ...found }, name: String(metadata?.name), ...within }
    },
    /** The object that is there; undefined where there is none. @throws SealiftError CLUSTER_* */
    read: (place: Place): Promise<KubernetesObject | undefined> =>
      cluster.find(`read ${called(place)}`, () => cluster.raw<KubernetesObject>('GET', at(place))),
    /** The object that stays: one that is being deleted is waited for. @throws SealiftError CLUSTER_DELETING, CLUSTER_* */
    settled: (place: Place): Promise<KubernetesObject | undefined> =>
      settled(cluster, called(place), () => cluster.raw<KubernetesObject>('GET', at(place)), { interval: 100 }),
    /** Applies an object as Helm does, without keeping it. By force, fields of others are taken. */
    async tryApply(place: Place, body: object, force: boolean): Promise<Tried> {
      const query = { dryRun: 'All', fieldManager: helmManager, force: String(force) }
      return result(await send(`try ${called(place)}`, 'PATCH', at(place), { body, query, type: applied }))
    },
    /** Creates an object without keeping it. */
    async tryCreate(place: Place, body: object): Promise<Tried> {
      const query = { dryRun: 'All', fieldManager: helmManager }
      return result(await send(`try ${called(place)}`, 'POST', pathOf(place.kind, place.namespace), { body, query }))
    },
    /** Applies an object as Helm does, by force. @throws SealiftError CLUSTER_* */
    apply: (place: Place, body: object): Promise<KubernetesObject> =>
      cluster.request(`apply ${called(place)}`, () =>
        cluster.raw('PATCH', at(place), { body, query: { fieldManager: helmManager, force: 'true' }, type: applied }),
      ),
    /** Changes an object by a JSON Patch (RFC 6902). @throws SealiftError CLUSTER_* */
    patch: (place: Place, body: object[]): Promise<KubernetesObject> =>
      cluster.request(`change ${called(place)}`, () =>
        cluster.raw('PATCH', at(place), {
          body,
          query: { fieldManager: helmManager },
          type: 'application/json-patch+json',
        }),
      ),
    /** Deletes the object of this uid, and no other that has its name by now. @throws SealiftError CLUSTER_* */
    remove: (place: Place, uid: string, propagationPolicy: 'Orphan' | 'Background'): Promise<unknown> =>
      cluster.find(`delete ${called(place)}`, () =>
        cluster.raw('DELETE', at(place), { body: { propagationPolicy, preconditions: { uid } } }),
      ),
  }
}

export type ObjectApi = ReturnType<typeof objectApi>

/** What the user may not do, and no admission has refused (k8s.io/apiserver, endpoints/handlers/responsewriters/errors.go). */
const isUnauthorized = /\bcannot [a-z]+ resource \\?"/

const applied = 'application/apply-patch+yaml'
const isApiVersion = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?v[a-z0-9]+$/

/** Whether a name can stand in a path of the API (Kubernetes, apimachinery, validation/path). */
export const isPathName = (name: unknown): name is string =>
  typeof name === 'string' && name.length <= 253 && /^(?!\.{1,2}$)[^/%\x00-\x1f\x7f]+$/.test(name)
