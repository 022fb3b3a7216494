import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Reporter } from '../../install/events.ts'
import type { BackContext } from './context.ts'

const name = 'cde-manager'
const labelSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=manager'

/** Stops the managers and waits until none runs; Helm starts them again. Workspaces and open sessions go on without them. */
export async function stopManagers(
  { cluster: connect, answers: { namespace }, timeout }: BackContext,
  report: Reporter,
): Promise<void> {
  const cluster = connect()
  const { core, apps } = cluster
  await cluster.find('stop the managers', async () => {
    const scale = await apps.readNamespacedDeploymentScale({ name, namespace })
    if (scale.spec?.replicas === 0) return
    await apps.replaceNamespacedDeploymentScale({ name, namespace, body: { ...scale, spec: { replicas: 0 } } })
    report.info('the managers stop; workspaces and open terminals go on')
  })
  const deadline = Date.now() + timeout
  for (;;) {
    const list = () => core.listNamespacedPod({ namespace, labelSelector })
    const { items } = await cluster.request('list the managers', list)
    if (items.length === 0) return
    if (Date.now() > deadline)
      throw new SealiftError('CLUSTER_ROLLOUT', `${items[0]?.metadata?.name} does not stop`, {
        fix: `kubectl${cluster.flags} --namespace ${namespace} describe pod ${items[0]?.metadata?.name}`,
      })
    await setTimeout(500, undefined, { signal: cluster.signal })
  }
}
