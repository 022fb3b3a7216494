import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { counted } from '../amounts.ts'
import { quantity } from '../cluster/quantity.ts'
import type { RenderedObject } from '../coverage/rendered-yaml.ts'
import { chartPods } from './chart-pods.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** Counts of all that the chart asks for; what one pod alone may ask for (LimitRange) a dry run tells: see admission. */
export const quotas: Check = {
  id: 'quotas',
  title: 'The quotas of the namespace are large enough',
  protects: 'rollout',
  why: 'Pods and volumes beyond a quota are refused, some of them only when somebody starts a workspace.',
  level: 'error',
  after: ['namespace'],
  async run(context) {
    const { namespace } = context.answers
    const { core, find, flags } = context.cluster()
    const list = await find('list resource quotas', () => core.listNamespacedResourceQuota({ namespace })).catch(
      (error: SealiftError) => {
        if (error.code !== 'CLUSTER_FORBIDDEN') throw error
      },
    )
    if (!list) return { state: 'skipped', found: 'this user may not look at quotas' }
    const quotas = list.items
    if (quotas.length === 0) return { state: 'passed', found: `namespace ${namespace} has none` }
    const pods = await find('list pods', () =>
      core.listNamespacedPod({ namespace, labelSelector: 'app.kubernetes.io/part-of=cde' }),
    )
    // what the platform has already is not asked for twice
    const installed = (pods?.items.length ?? 0) > 0
    const asked = asksOf(await context.objects())
    const short = quotas.flatMap(({ metadata, status, spec }) =>
      Object.entries(status?.hard ?? spec?.hard ?? {}).flatMap(([name, hard]) => {
        const used = installed ? 0 : quantity(status?.used?.[name])
        const left = quantity(hard) - used
        const wanted = asked[name] ?? 0
        return wanted > left ? [`${metadata?.name} leaves ${left} of ${name}, ${wanted} are needed`] : []
      }),
    )
    if (short.length === 0) return { state: 'passed', found: `${counted(quotas.length, 'quota')}, all with room` }
    return {
      state: 'failed',
      code: 'CLUSTER_QUOTA',
      found: listed(short),
      needed: 'room for all pods, volumes and objects of the chart, and beyond that for workspaces',
      fix: `let it be raised: kubectl${flags} describe resourcequota --namespace ${namespace}`,
    }
  },
}

type Claims = { spec?: Claim['spec'] & { volumeClaimTemplates?: Claim[]; replicas?: number; type?: string } }
interface Claim {
  spec?: { resources?: { requests?: { storage?: string } } }
}

/** What objects ask for, under the names that quotas have for it (Kubernetes, "Resource Quotas"). */
function asksOf(objects: readonly RenderedObject[]): Record<string, number> {
  const asked: Record<string, number> = {}
  const add = (name: string, count: number) => {
    asked[name] = (asked[name] ?? 0) + count
  }
  for (const { spec, replicas } of chartPods(objects)) {
    add('pods', replicas)
    for (const resource of ['cpu', 'memory'] as const)
      for (const kind of ['requests', 'limits'] as const) {
        const each = spec.containers.reduce((sum, { resources }) => sum + quantity(resources?.[kind]?.[resource]), 0)
        add(`${kind}.${resource}`, each * replicas)
        if (kind === 'requests') add(resource, each * replicas)
      }
  }
  for (const object of objects) {
    const { kind, apiVersion } = object
    const { spec } = object as Claims
    const plural = plurals[kind]
    const [group] = apiVersion.includes('/') ? apiVersion.split('/') : ['']
    if (plural !== undefined) {
      add(plural, 1)
      add(`count/${plural}${group ? `.${group}` : ''}`, 1)
    }
    if (kind === 'PersistentVolumeClaim') add('requests.storage', quantity(spec?.resources?.requests?.storage))
    if (kind === 'Service' && spec?.type === 'LoadBalancer') add('services.loadbalancers', 1)
    if (kind === 'Service' && spec?.type === 'NodePort') add('services.nodeports', 1)
    for (const claim of spec?.volumeClaimTemplates ?? []) {
      const replicas = spec?.replicas ?? 1
      add('persistentvolumeclaims', replicas)
      add('requests.storage', replicas * quantity(claim.spec?.resources?.requests?.storage))
    }
  }
  asked['count/pods'] = asked.pods ?? 0
  return asked
}

const plurals: Readonly<Record<string, string>> = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  Service: 'services',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  ServiceAccount: 'serviceaccounts',
}
