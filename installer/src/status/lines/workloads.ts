import type { KubernetesObject } from '@kubernetes/client-node'
import { platformRelease } from '../../cluster/helm.ts'
import { describeProblem, podProblems } from '../../cluster/pod-problems.ts'
import { isReady, type Workload, workloadStates, workloadsOf } from '../../cluster/workloads.ts'
import { renderedObjects } from '../../coverage/rendered-yaml.ts'
import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine } from '../line.ts'

/** Each workload of the release: how many pods are ready, and why others are not. */
export async function workloadLines(context: StatusContext): Promise<StatusLine[]> {
  const { cluster, namespace } = context
  const workloads = await releaseWorkloads(context)
  const [states, problems] = await Promise.all([
    workloadStates(cluster, namespace, workloads),
    podProblems(cluster, namespace, workloads),
  ])
  return states.map((state) => {
    const { kind, name } = state.workload
    const subject = { id: `workload-${name}`, title: name }
    const found = `${state.ready} of ${state.wanted} ready`
    if (isReady(state)) return passed(subject, found)
    // a pod is named after its workload
    const why = problems.filter(({ pod }) => pod.startsWith(`${name}-`)).map(describeProblem)
    return failed(subject, {
      found: state.exists ? [found, ...why.slice(0, 3)].join('; ') : `${kind} ${name} does not exist`,
      fix: state.exists
        ? `see what its pods say: kubectl${cluster.flags} --namespace ${namespace} get pods,events`
        : 'run the installation again: it makes what is missing',
    })
  })
}

/** Those that Helm installed; of those that are there, where this user may not read its records. */
export async function releaseWorkloads({ cluster, namespace, release }: StatusContext): Promise<Workload[]> {
  const manifest = await release().then(
    (helm) => helm?.manifest ?? '',
    () => '',
  )
  const installed = workloadsOf(renderedObjects(manifest))
  if (installed.length > 0) return installed
  const labelSelector = `app.kubernetes.io/part-of=cde,app.kubernetes.io/instance=${platformRelease(namespace).name}`
  const [deployments, sets] = await Promise.all([
    cluster.request('list deployments', () => cluster.apps.listNamespacedDeployment({ namespace, labelSelector })),
    cluster.request('list statefulsets', () => cluster.apps.listNamespacedStatefulSet({ namespace, labelSelector })),
  ])
  const named = (items: KubernetesObject[], kind: string) => items.map((item) => ({ ...item, kind }))
  return workloadsOf([...named(deployments.items, 'Deployment'), ...named(sets.items, 'StatefulSet')])
}
