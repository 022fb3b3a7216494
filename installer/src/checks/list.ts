import { admission } from './admission.ts'
import { api } from './api.ts'
import { apiCertificate } from './api-certificate.ts'
import { apiLatency } from './api-latency.ts'
import { apiPorts } from './api-ports.ts'
import { apiReady } from './api-ready.ts'
import { bastionRoom } from './bastion-room.ts'
import { capacity } from './capacity.ts'
import { certificate } from './certificate.ts'
import { certificateChain } from './certificate-chain.ts'
import { certificateEnd } from './certificate-end.ts'
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { containerRuntimes } from './container-runtimes.ts'
import { coverage } from './coverage.ts'
import { database } from './database.ts'
import { databaseBackup } from './database-backup.ts'
import { databaseFit } from './database-fit.ts'
import { databaseRoom } from './database-room.ts'
import { hostName } from './host-name.ts'
import { images } from './images.ts'
import { ingressAddressCheck } from './ingress-address.ts'
import { kubelets } from './kubelets.ts'
import { kubernetesVersion } from './kubernetes-version.ts'
import { leftovers } from './leftovers.ts'
import { license } from './license.ts'
import { nameResolution } from './name-resolution.ts'
import { nameServers } from './name-servers.ts'
import { namespace } from './namespace.ts'
import { networkPolicy } from './network-policy.ts'
import { networks } from './networks.ts'
import { nodeCgroups } from './node-cgroups.ts'
import { nodeClocks } from './node-clocks.ts'
import { nodeConditions } from './node-conditions.ts'
import { nodeKernels } from './node-kernels.ts'
import { nodePlatforms } from './node-platforms.ts'
import { nodePull } from './node-pull.ts'
import { nodeSizes } from './node-sizes.ts'
import { nodeWatches } from './node-watches.ts'
import { nodes } from './nodes.ts'
import { olderRelease } from './older-release.ts'
import { outside } from './outside.ts'
import { ownership } from './ownership.ts'
import { permissions } from './permissions.ts'
import { podApi } from './pod-api.ts'
import { podNames } from './pod-names.ts'
import { podRegistry } from './pod-registry.ts'
import { pods } from './pods.ts'
import { proxy } from './proxy.ts'
import { quotas } from './quotas.ts'
import { registryLogin } from './registry-login.ts'
import { storageClass } from './storage-class.ts'
import { volume } from './volume.ts'
import { volumeExpansion } from './volume-expansion.ts'
import { webhooks } from './webhooks.ts'
import { websocket } from './websocket.ts'

/** What needs no image at the site: the stage `preflight`. The first that fails is the one that an installation ends with. */
export const preflightChecks: readonly Check[] = [
  hostName,
  certificate,
  certificateChain,
  certificateEnd,
  registryLogin,
  proxy,
  outside,
  nameServers,
  nameResolution,
  api,
  apiReady,
  apiLatency,
  apiCertificate,
  apiPorts,
  clock,
  kubernetesVersion,
  namespace,
  olderRelease,
  permissions,
  leftovers,
  ownership,
  quotas,
  storageClass,
  volumeExpansion,
  nodes,
  nodePlatforms,
  nodeConditions,
  nodeSizes,
  nodeKernels,
  containerRuntimes,
  kubelets,
  nodeClocks,
  capacity,
  webhooks,
  networks,
  database,
  databaseFit,
  databaseRoom,
  databaseBackup,
  bastionRoom,
  coverage,
  admission,
]

/** What runs pods from the site's registry: the stage `trial`. */
export const trialChecks: readonly Check[] = [
  nodePull,
  pods,
  podNames,
  podRegistry,
  podApi,
  nodeWatches,
  nodeCgroups,
  volume,
  ingressAddressCheck(),
  websocket,
  networkPolicy,
]

/** All checks, in the order of a report; the stages `license` and `registry` run one each, the latter behind a seeding. */
export const checks: readonly Check[] = [license, ...preflightChecks, images, ...trialChecks]
