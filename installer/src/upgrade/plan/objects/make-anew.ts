import { randomBytes } from 'node:crypto'
import type { KubernetesObject } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apply } from '../../../cluster/apply.ts'
import type { Cluster } from '../../../cluster/connection.ts'
import type { HelmRelease } from '../../../cluster/helm.ts'
import { objectApi, type Place } from './ask.ts'
import { marked } from './chart-objects.ts'
import { own } from './field-path.ts'
import { anewWay } from './make-anew-way.ts'
import { describeRefusal } from './status.ts'

/**
 * Makes objects anew whose fields cannot be changed, one after the other, before Helm brings the release to the same objects.
 * A workload gets its new fields around the pods that run: it keeps their template, so that none of them is replaced before
 * Helm, in its own order, changes the template. What goes with its pods is deleted only, and Helm makes it, as it does where
 * a killed run had got no further. That the new object will be let in is tried before the old one goes.
 * @throws SealiftError CLUSTER_ANEW where an object may not be deleted, or would be refused; CLUSTER_*
 */
export async function makeAnew(
  cluster: Cluster,
  release: HelmRelease,
  objects: readonly KubernetesObject[],
): Promise<void> {
  for (const object of objects) await makeOneAnew(cluster, release, object)
}

async function makeOneAnew(cluster: Cluster, release: HelmRelease, object: KubernetesObject): Promise<void> {
  const api = objectApi(cluster)
  const place = await api.place(object, release.namespace)
  const live = place && (await api.read(place))
  if (!live) return
  const way = anewWay(object, live)
  if (!way) throw cannot(cluster, place, 'with it would go what it holds')
  const wanted = marked(object, release, place.namespace !== undefined)
  const body = way === 'around-pods' ? aroundPods(wanted, live) : wanted
  const tried = await api.tryCreate(place, underAnotherName(body))
  if ('refused' in tried) throw cannot(cluster, place, `the cluster refuses it: ${describeRefusal(tried.refused)}`)

  await api.remove(place, live.metadata?.uid ?? '', way === 'around-pods' ? 'Orphan' : 'Background')
  await api.settled(place)
  if (way === 'with-pods') return
  await api.apply(place, body)
  const replicas = own(own(live, 'spec'), 'replicas')
  // else Helm, whose chart leaves them to an autoscaler, would give them up, and the default is 1
  if (way === 'around-pods' && replicas !== undefined && own(own(wanted, 'spec'), 'replicas') === undefined) {
    const { apiVersion = '', kind = '', metadata } = body
    const { name = '', namespace = '' } = metadata ?? {}
    await apply(cluster, { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } } as KubernetesObject)
  }
}

/** A workload with the template, and as many pods, as the one that is there. */
function aroundPods(object: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const [spec, there] = [own(object, 'spec'), own(live, 'spec')] as Record<string, unknown>[]
  const replicas = spec?.replicas ?? there?.replicas
  return {
    ...object,
    spec: { ...spec, template: there?.template, ...(replicas === undefined ? {} : { replicas }) },
  } as KubernetesObject
}

/** For a trial beside the object that is there: without the addresses and ports that only one of them can have. */
function underAnotherName(object: KubernetesObject): KubernetesObject {
  const name = `${object.metadata?.name?.slice(0, 40).replace(/\W+$/, '')}-${randomBytes(4).toString('hex')}`
  const spec = own(object, 'spec') as Record<string, unknown> | undefined
  const { clusterIP, clusterIPs: _, healthCheckNodePort: __, ports, ...rest } = spec ?? {}
  const asService = {
    ...rest,
    ...(clusterIP === 'None' ? { clusterIP } : {}),
    ports: (Array.isArray(ports) ? ports : []).map(({ nodePort: _, ...port }) => port),
  }
  return {
    ...object,
    metadata: { ...object.metadata, name },
    ...(object.kind === 'Service' ? { spec: asService } : {}),
  } as KubernetesObject
}

const cannot = ({ flags }: Cluster, { kind, name, namespace }: Place, why: string) =>
  new SealiftError('CLUSTER_ANEW', `${kind.kind} ${name} cannot be made anew`, {
    why,
    fix: `see what it is: kubectl${flags} get ${kind.resource} ${name}${namespace === undefined ? '' : ` --namespace ${namespace}`} --output yaml; ask the vendor for a release that leaves it as it is`,
  })
