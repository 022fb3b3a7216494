import { setTimeout as sleep } from 'node:timers/promises'
import { ApiException, CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import { objects, type Rendered } from '../unit/manifests/rendered-chart.ts'

const kinds = ['Role', 'RoleBinding', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
const name = 'cde-manager'

/** What the chart lets the manager do, for its ServiceAccount in a namespace of a test. */
export type ManagerAccount = {
  /** of the account */
  config: KubeConfig
  /** Takes away what is there for the whole cluster. */
  remove(): Promise<void>
}

/** Makes the account with the chart's own objects, as `config`'s user, and waits until the API server goes by them. */
export async function managerAccount(
  config: KubeConfig,
  namespace: string,
  values: object = {},
): Promise<ManagerAccount> {
  const api = KubernetesObjectApi.makeApiClient(config)
  const core = config.makeApiClient(CoreV1Api)
  const all = await objects(values, ['--namespace', namespace])
  const mine = all.filter((object: Rendered) => kinds.includes(object.kind) && object.metadata.name.startsWith(name))
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } })
  for (const object of mine)
    await api.create(
      object.kind.startsWith('Role') ? { ...object, metadata: { ...object.metadata, namespace } } : object,
    )
  const remove = async () => {
    for (const object of mine.filter(({ kind }) => kind.startsWith('Validating'))) await api.delete(object)
  }
  try {
    const body = { spec: { audiences: [], expirationSeconds: 3600 } }
    const { status } = await core.createNamespacedServiceAccountToken({ name, namespace, body })
    const own = new KubeConfig()
    own.loadFromClusterAndUser(config.getCurrentCluster() as never, { name, token: status?.token ?? '' } as never)
    await untilGuarded(own, namespace)
    return { config: own, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** An API server hears of a new policy a moment later. */
async function untilGuarded(config: KubeConfig, namespace: string): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(config)
  const probe = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'not-a-workspace', namespace } }
  const end = Date.now() + 60_000
  for (;;) {
    const refusal = await api.patch(probe, undefined, 'All', name, true, PatchStrategy.ServerSideApply).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (refusal instanceof ApiException && /ValidatingAdmissionPolicy/.test(String(refusal.body))) return
    if (Date.now() > end) throw refusal ?? new Error('the policy does not hold')
    await sleep(200)
  }
}
