import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, warned } from '../line.ts'

const subject = { id: 'workspaces', title: 'Workspaces' }

/** How many there are, how many are to run, and how many of those do. */
export async function workspaceLines({ cluster, namespace }: StatusContext): Promise<StatusLine[]> {
  const labelSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=workspace'
  const { items } = await cluster.request('list the workspaces', () =>
    cluster.apps.listNamespacedDeployment({ namespace, labelSelector }),
  )
  const on = items.filter(({ spec }) => (spec?.replicas ?? 1) > 0)
  const waiting = on.filter(({ status }) => (status?.availableReplicas ?? 0) === 0)
  const found = `${items.length} in all, ${on.length} on`
  if (waiting.length === 0) return [passed(subject, found)]
  const names = waiting.slice(0, 5).map(({ metadata }) => metadata?.name)
  return [
    warned(subject, {
      found: `${found}, ${waiting.length} of them not ready: ${names.join(', ')}`,
      fix: `the dashboard says why; or: kubectl${cluster.flags} --namespace ${namespace} describe deployment ${names[0]}`,
    }),
  ]
}
