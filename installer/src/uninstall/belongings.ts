import { knownName } from '../backup/known.ts'
import type { HelmRelease } from '../cluster/helm.ts'
import type { Found, Metadata } from '../cluster/inventory.ts'
import { answersName } from '../install/kept-answers.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { receiptName } from '../install/receipt.ts'

/** The objects of a namespace and of the whole cluster, by whose they are. */
export interface Belongings {
  /** of the installation, in the order found; what follows another one of them is in `followers` */
  ours: Found[]
  /** what Kubernetes made for ours and removes after them: ReplicaSets, Pods, Endpoints */
  followers: Found[]
  /** of somebody else, in the namespace */
  others: Found[]
}

/**
 * Says whose objects are: of the installation are those with Helm's marks of its release, Helm's own records, and what has
 * the platform's label in its namespace, by whoever made it: chart, installer or manager. Beyond the namespace only Helm's
 * marks count, and the names of the installer's trial namespaces, since a cluster takes several installations.
 */
export function sortOut(found: readonly Found[], release: HelmRelease): Belongings {
  const looked = found.filter(({ kind }) => kind.resource !== 'events')
  const ours = looked.filter((one) => isOf(release, one))
  const uids = new Set(ours.flatMap(({ metadata: { uid } }) => (uid === undefined ? [] : [uid])))
  const follows = ({ metadata }: Found) => !!metadata.ownerReferences?.some(({ uid }) => uids.has(uid))
  // owners of owners: a Pod is of a ReplicaSet, that of a Deployment
  for (let before = -1; before !== uids.size; ) {
    before = uids.size
    for (const one of looked) if (one.metadata.uid !== undefined && follows(one)) uids.add(one.metadata.uid)
  }
  const own = new Set(ours)
  // copies of Services (Kubernetes, endpoints controller) that name no owner
  const isCopy = (one: Found) => one.kind.resource === 'endpoints' && own.has(one)
  return {
    ours: ours.filter((one) => !follows(one) && !isCopy(one)),
    followers: looked.filter((one) => follows(one) || isCopy(one)),
    others: looked.filter((one) => one.kind.namespaced && !own.has(one) && !follows(one) && !isFurniture(one)),
  }
}

const label = 'app.kubernetes.io'

function isOf(release: HelmRelease, { kind, metadata }: Found): boolean {
  const { name, labels = {}, annotations = {} } = metadata
  const marked =
    annotations['meta.helm.sh/release-name'] === release.name &&
    annotations['meta.helm.sh/release-namespace'] === release.namespace
  if (marked && labels[`${label}/managed-by`] === 'Helm') return true
  const maker = labels[`${label}/managed-by`] ?? ''
  if (!kind.namespaced)
    return kind.kind === 'Namespace' && maker === 'sealift' && Object.values(probeNamespaces(release)).includes(name)
  if (isRecord(release, metadata)) return true
  if (labels[`${label}/part-of`] !== 'cde') return false
  return labels[`${label}/instance`] === release.name || maker === 'sealift' || maker === 'cde-manager'
}

/** Whether an object is one of Helm's records: what the release is known by. */
export const isRecord = ({ name }: HelmRelease, { labels }: Metadata): boolean =>
  labels?.owner === 'helm' && labels.name === name

/**
 * What people would miss: volumes, what the chart itself says is to outlive it (passwords and the SSH host key, annotation
 * helm.sh/resource-policy), the receipt, which keeps an older release away from a newer database, the answers, with which
 * the platform is installed over all that, and where its backups are.
 */
export const isData = ({ kind, metadata }: Found): boolean =>
  kind.resource === 'persistentvolumeclaims' ||
  metadata.annotations?.['helm.sh/resource-policy'] === 'keep' ||
  (kind.resource === 'configmaps' && [receiptName, answersName, knownName].includes(metadata.name))

/** What a cluster puts into every namespace by itself (Kubernetes, OpenShift, Istio), and removes with it. */
function isFurniture({ kind, metadata: { name, annotations } }: Found): boolean {
  const accounts = ['default', 'builder', 'deployer']
  switch (kind.resource) {
    case 'configmaps':
      return ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'].includes(name)
    case 'serviceaccounts':
      return accounts.includes(name)
    case 'secrets':
      return accounts.includes(annotations?.['kubernetes.io/service-account.name'] ?? '')
    case 'rolebindings':
      return name.startsWith('system:')
    default:
      return false
  }
}
