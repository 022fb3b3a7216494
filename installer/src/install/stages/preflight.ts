import type { V1Node } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import { findNamespace, isOurs, isRestricted } from '../../cluster/apply.ts'
import { usableNodes } from '../../cluster/node-pull.ts'
import { assertOwnership } from '../../cluster/ownership.ts'
import { apiResources, deniedPermissions, describePermission, type Permission } from '../../cluster/permissions.ts'
import { warnCapacity } from '../capacity.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'
import type { Reporter } from '../events.ts'
import { readGivenCertificate } from '../given-certificate.ts'
import { installedVersion } from '../installed-version.ts'
import { probeNamespaces } from '../probe-namespaces.ts'
import { readRegistryPassword } from '../registry-access.ts'
import { runsOn } from '../runs-on.ts'

export const preflightStage: Stage<InstallContext> = {
  id: 'preflight',
  title: 'Check the cluster',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    readGivenCertificate(context.answers)
    readRegistryPassword(context.answers)
    await checkVersion(context, report)
    await checkNamespace(context, report)
    await checkInstalled(context)
    await checkPermissions(context, report)
    await assertOwnership(context.cluster(), context.helmRelease, await context.objects(), {
      onWait: (what) => report.info(`${what} is being deleted: waiting until it is gone`),
    })
    await checkStorageClass(context, report)
    await checkNodes(context, report)
  },
}

async function checkVersion({ kubeVersion, cluster, bundle }: InstallContext, report: Reporter): Promise<void> {
  const version = await kubeVersion()
  const minimum = bundle.release.minimumKubernetes
  const found = semver.coerce(version)
  if (!found || semver.lt(found, semver.coerce(minimum) ?? '0.0.0'))
    throw new SealiftError('CLUSTER_VERSION', `${cluster().server} runs Kubernetes ${version}`, {
      why: `${bundle.release.name} ${bundle.release.version} needs ${minimum} or later`,
      fix: `upgrade the cluster to ${minimum} or later`,
    })
  report.info(`Kubernetes ${version} at ${cluster().server}`)
}

/** One that an earlier installation leaves behind is waited for. */
async function checkNamespace({ cluster, answers }: InstallContext, report: Reporter): Promise<void> {
  const name = answers.namespace
  const namespace = await findNamespace(cluster(), name, {
    onWait: (what) => report.info(`${what} is being deleted: waiting until it is gone`),
  })
  // what else runs there might need more than is let in then: that is for its owner to say
  if (namespace && !isRestricted(namespace) && !isOurs(namespace))
    throw new SealiftError('CLUSTER_POD_SECURITY', `namespace ${name} lets in pods with privileges`, {
      why: "it is not one that Sealift made, and lacks the Pod Security Standard that the platform's pods are held to",
      fix: `kubectl${cluster().flags} label namespace ${name} pod-security.kubernetes.io/enforce=restricted, or choose another`,
    })
}

/** A newer database does not go back by itself: an older release over a newer one is refused. */
async function checkInstalled({ cluster, answers, bundle }: InstallContext): Promise<void> {
  const installed = await installedVersion(cluster(), answers.namespace)
  if (installed === undefined || !semver.gt(installed, bundle.release.version)) return
  throw new SealiftError('BUNDLE_OLDER', `${bundle.release.name} ${installed} is installed in ${answers.namespace}`, {
    why: `the bundle holds the older ${bundle.release.version}`,
    fix: 'install from a bundle of that version or a later one',
  })
}

/** What installing, watching and taking back needs, for each kind that the chart renders. */
async function checkPermissions(context: InstallContext, report: Reporter): Promise<void> {
  const cluster = context.cluster()
  const { namespace } = context.answers
  const find = apiResources(cluster)
  const kinds = new Map((await context.objects()).map((object) => [`${object.apiVersion} ${object.kind}`, object]))
  const probes = probeNamespaces(context.answers)
  const inProbes = (resource: string, verbs: string[], group = '') =>
    Object.values(probes).flatMap((namespace) => verbs.map((verb) => ({ verb, group, resource, namespace })))
  const wanted: Permission[] = [
    ...['get', 'create', 'patch', 'delete'].map((verb) => ({ verb, group: '', resource: 'namespaces' })),
    ...inProbes('pods', ['get', 'create', 'delete']),
    ...inProbes('secrets', ['create', 'patch']),
    ...inProbes('networkpolicies', ['create', 'patch'], 'networking.k8s.io'),
    { verb: 'get', group: '', resource: 'pods/log', namespace },
    ...['get', 'list', 'create', 'delete'].map((verb) => ({ verb, group: '', resource: 'pods', namespace })),
    ...['get', 'list', 'create', 'patch', 'delete'].map((verb) => ({
      verb,
      group: '',
      resource: 'secrets',
      namespace,
    })),
  ]
  for (const { apiVersion, kind } of kinds.values()) {
    const found = await find(apiVersion, kind)
    if (!found)
      throw new SealiftError('CLUSTER_KIND', `the cluster does not know the kind ${kind} of ${apiVersion}`, {
        why: 'the chart installs such an object',
        fix: `see what it knows: kubectl${cluster.flags} api-resources`,
      })
    const where = found.namespaced ? { namespace } : {}
    for (const verb of ['get', 'create', 'patch', 'delete'])
      wanted.push({ verb, group: found.group, resource: found.resource, ...where })
  }
  const denied = await deniedPermissions(cluster, wanted)
  const [first] = denied
  if (first)
    throw new SealiftError('CLUSTER_FORBIDDEN', `this user may not ${describePermission(first)}`, {
      why: denied.length > 1 ? `nor: ${denied.slice(1, 8).map(describePermission).join(', ')}` : undefined,
      fix: `let an administrator grant it, then check: kubectl${cluster.flags} auth can-i ${first.verb} ${first.resource}${first.namespace ? ` --namespace ${first.namespace}` : ''}`,
    })
  report.info(`all ${wanted.length} permissions are there`)
}

const defaultClass = 'storageclass.kubernetes.io/is-default-class'

async function checkStorageClass({ cluster, answers }: InstallContext, report: Reporter): Promise<void> {
  const { storage, request, flags } = cluster()
  const classes = (await request('list storage classes', () => storage.listStorageClass())).items
  const wanted = answers.storageClass
  const found = classes.find((item) =>
    wanted === undefined ? item.metadata?.annotations?.[defaultClass] === 'true' : item.metadata?.name === wanted,
  )
  if (found) return report.info(`storage class ${found.metadata?.name}`)
  const names = classes.map((item) => item.metadata?.name).join(', ')
  throw new SealiftError(
    'CLUSTER_STORAGE',
    wanted === undefined ? 'the cluster has no default storage class' : `the cluster has no storage class ${wanted}`,
    {
      why: `it has: ${names || 'none'}`,
      fix: `set storageClass in the answers; see: kubectl${flags} get storageclass`,
    },
  )
}

async function checkNodes(context: InstallContext, report: Reporter): Promise<void> {
  const { core, request, flags } = context.cluster()
  const nodes = (await request('list nodes', () => core.listNode({ limit: 1000 }))).items
  const usable = usableNodes(nodes)
  const { platforms } = context.bundle.release
  const fits = ({ status }: V1Node) => status?.nodeInfo !== undefined && runsOn(platforms, status.nodeInfo)
  if (!usable.some(fits))
    throw new SealiftError('CLUSTER_NODES', 'no node can run the platform', {
      why: `of ${nodes.length} nodes ${usable.length} are ready and neither cordoned nor tainted; the images are for ${platforms.join(', ')}`,
      fix: `kubectl${flags} get nodes -o wide`,
    })
  for (const node of usable.filter((node) => !fits(node)))
    report.warn(`node ${node.metadata?.name} is of another platform than ${platforms.join(', ')}: keep pods off it`)
  warnCapacity(usable.filter(fits), await context.objects(), report)
}
