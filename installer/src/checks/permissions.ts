import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { apiResources, deniedPermissions, describePermission, type Permission } from '../cluster/permissions.ts'
import type { InstallContext } from '../install/context.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import type { Check } from './check.ts'

export const permissions: Check = {
  id: 'permissions',
  title: 'The user of the kubeconfig has all rights that are needed',
  protects: 'deploy',
  why: 'The installation would end half done, and be taken back.',
  level: 'error',
  after: ['api'],
  async run(context) {
    const cluster = context.cluster()
    const wanted = [...ownRights(context), ...(await chartRights(context))]
    const denied = await deniedPermissions(cluster, wanted)
    const [first] = denied
    if (first)
      throw new SealiftError('CLUSTER_FORBIDDEN', `this user may not ${describePermission(first)}`, {
        why: denied.length > 1 ? `nor: ${denied.slice(1, 8).map(describePermission).join(', ')}` : undefined,
        fix: `let an administrator grant it, then check: kubectl${cluster.flags} auth can-i ${first.verb} ${first.resource}${first.namespace ? ` --namespace ${first.namespace}` : ''}`,
      })
    return { state: 'passed', found: `all ${wanted.length} permissions are there` }
  },
}

const all = (verbs: string[], rest: Omit<Permission, 'verb'>): Permission[] => verbs.map((verb) => ({ verb, ...rest }))

/** What trying, watching and taking back needs. */
function ownRights({ answers, upgrades }: InstallContext): Permission[] {
  const { namespace } = answers
  return [
    ...all(['get', 'create', 'patch', 'delete'], { group: '', resource: 'namespaces' }),
    ...Object.values(probeNamespaces(answers)).flatMap((namespace) => [
      ...all(['get', 'create', 'delete'], { group: '', resource: 'pods', namespace }),
      ...all(['create', 'patch'], { group: '', resource: 'secrets', namespace }),
      ...all(['create', 'patch'], { group: 'networking.k8s.io', resource: 'networkpolicies', namespace }),
    ]),
    ...all(['get', 'create', 'patch'], {
      ...{ group: '', resource: 'persistentvolumeclaims', namespace: probeNamespaces(answers).volume },
    }),
    ...all(['get'], { group: '', resource: 'pods/log', namespace }),
    // the chart looks for the database of another major version (manifests/chart, _names.tpl)
    ...all(['list'], { group: '', resource: 'persistentvolumeclaims', namespace }),
    ...all(['get', 'list', 'create', 'delete'], { group: '', resource: 'pods', namespace }),
    ...all(['get', 'list', 'create', 'patch', 'delete'], { group: '', resource: 'secrets', namespace }),
    ...(upgrades ? upgradeRights(namespace) : []),
  ]
}

/** What an upgrade needs beside that: the lease of it, PostgreSQL's own programs, and the way back. */
const upgradeRights = (namespace: string): Permission[] => [
  ...all(['get', 'create', 'update'], { group: 'coordination.k8s.io', resource: 'leases', namespace }),
  ...all(['create'], { group: '', resource: 'pods/exec', namespace }),
  ...all(['get', 'patch'], { group: 'apps', resource: 'deployments/scale', namespace }),
  ...all(['get', 'patch'], { group: 'apps', resource: 'statefulsets/scale', namespace }),
]

/** What each kind that the chart renders needs. @throws SealiftError CLUSTER_KIND */
async function chartRights(context: InstallContext): Promise<Permission[]> {
  const cluster = context.cluster()
  const find = apiResources(cluster)
  const kinds = new Map((await context.objects()).map((object) => [`${object.apiVersion} ${object.kind}`, object]))
  const wanted: Permission[] = []
  for (const { apiVersion, kind } of kinds.values()) {
    const found = await find(apiVersion, kind)
    if (!found)
      throw new SealiftError('CLUSTER_KIND', `the cluster does not know the kind ${kind} of ${apiVersion}`, {
        why: 'the chart installs such an object',
        fix: `see what it knows: kubectl${cluster.flags} api-resources`,
      })
    const { group, resource, namespaced } = found
    const verbs = ['get', 'create', 'patch', 'delete']
    const { namespace } = context.answers
    wanted.push(...all(verbs, { group, resource, ...(namespaced ? { namespace } : {}) }))
    const { admission, front } = probeNamespaces(context.answers)
    // tried out by a dry run, which needs the same right
    if (namespaced) wanted.push({ verb: 'patch', group, resource, namespace: admission })
    // what leads to the platform leads to a stand-in first
    if (kind === 'Service' || kind === 'Ingress') wanted.push(...all(verbs, { group, resource, namespace: front }))
  }
  return wanted
}
