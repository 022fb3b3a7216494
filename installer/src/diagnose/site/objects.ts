import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { stringify } from 'yaml'
import type { Cluster } from '../../cluster/connection.ts'
import { bounds } from '../bounds.ts'
import type { Collection } from '../collection.ts'
import { type Facts, observe } from './facts.ts'
import { type Kind, nameOf, pathOf } from './kinds.ts'
import { type ApiObject, list } from './list.ts'

/** Kinds of the whole cluster that are taken whole; of all others what belongs to this installation. */
const whole = new Set([
  'nodes',
  'storageclasses.storage.k8s.io',
  'ingressclasses.networking.k8s.io',
  'csidrivers.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'servicecidrs.networking.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
])
/** never of an installation, and many */
const never = new Set([
  'certificatesigningrequests.certificates.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'ipaddresses.networking.k8s.io',
])
/** read before all others: what they say is needed to clean the others, and to know whose logs to read */
const early = new Set([
  'nodes',
  'pods',
  'services',
  'deployments.apps',
  'statefulsets.apps',
  'ingresses.networking.k8s.io',
])

/** Takes every kind of object of the namespace, and of the cluster what is the installation's or decides how it runs. */
export async function collectObjects(
  cluster: Cluster,
  namespace: string,
  kinds: readonly Kind[],
  facts: Facts,
  collection: Collection,
): Promise<void> {
  const one = (kind: Kind) =>
    collection.attempt(nameOf(kind), bounds.kind, (signal) =>
      collectKind(cluster.until(signal), namespace, kind, facts, collection),
    )
  const [first, rest] = [
    kinds.filter((kind) => early.has(nameOf(kind))),
    kinds.filter((kind) => !early.has(nameOf(kind))),
  ]
  await atOnce(bounds.atOnce, first, one)
  await atOnce(
    bounds.atOnce,
    rest.filter((kind) => !never.has(nameOf(kind))),
    one,
  )
}

async function collectKind(
  cluster: Cluster,
  namespace: string,
  kind: Kind,
  facts: Facts,
  { spool, redactor, miss }: Collection,
): Promise<void> {
  const { groupVersion, resource, namespaced } = kind
  const path = `${pathOf(groupVersion)}${namespaced ? `/namespaces/${namespace}` : ''}/${resource}`
  const documents: string[] = []
  let bytes = 0
  let cut = 0
  for await (const object of list(cluster, path)) {
    if (!namespaced && !whole.has(nameOf(kind)) && !isOurs(object, namespace)) continue
    observe(facts, redactor, object)
    const text = bytes > bounds.file ? '' : stringify(redactor.structure(withoutNoise(object)), { lineWidth: 0 })
    bytes += text.length
    if (text === '') cut++
    else documents.push(text)
  }
  if (documents.length === 0) return
  if (cut > 0) miss(nameOf(kind), new Error(`${cut} objects are not here: they are too many for the archive`))
  await spool.add(`cluster/${namespaced ? 'namespace' : 'cluster-wide'}/${nameOf(kind)}.yaml`, documents.join('---\n'))
}

/** By the marks of Helm, by our labels, or by its name: what there is once in a cluster ends with the namespace. */
function isOurs({ kind, metadata, spec }: ApiObject, namespace: string): boolean {
  if (kind === 'Namespace') return metadata?.name === namespace
  if (kind === 'PersistentVolume')
    return (spec as { claimRef?: { namespace?: string } } | undefined)?.claimRef?.namespace === namespace
  const release = metadata?.annotations?.['meta.helm.sh/release-namespace']
  if (release !== undefined) return release === namespace
  return metadata?.name?.endsWith(`.${namespace}`) === true
}

/** The names of hundreds of images that a node holds tell nothing. */
function withoutNoise(object: ApiObject): ApiObject {
  if (object.kind !== 'Node') return object
  const { images: _, ...status } = (object.status ?? {}) as Record<string, unknown>
  return { ...object, status }
}
