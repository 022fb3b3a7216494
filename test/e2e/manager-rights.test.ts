import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ApiException, CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import type { WorkspaceDefaults } from '../../services/manager/environment.ts'
import { newIdentifier } from '../../services/manager/identifiers.ts'
import { kubernetesEngine } from '../../services/manager/workspaces/kubernetes.ts'
import { workspaceObjects } from '../../services/manager/workspaces/objects.ts'
import { silent } from '../integration/manager/site.ts'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import { objects, podsOf, type Rendered, valuesSets } from '../unit/manifests/rendered-chart.ts'
import { type ManagerAccount, managerAccount } from './manager-account.ts'
import { overreach } from './manager-overreach.ts'

const namespace = `rights-${randomBytes(4).toString('hex')}`
const config = new KubeConfig()
let borrowed: BorrowedLab | undefined
let core: CoreV1Api
let admin: KubernetesObjectApi
let account: ManagerAccount
let manager: KubernetesObjectApi

before(
  async () => {
    borrowed = await borrowLab()
    config.loadFromFile(borrowed.lab.kubeconfig)
    core = config.makeApiClient(CoreV1Api)
    admin = KubernetesObjectApi.makeApiClient(config)
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await core.createNamespace({ body: { metadata: { name: namespace, labels } } })
    account = await managerAccount(config, namespace, {
      certs: { secret: 'cde-ca' },
      proxy: { http: 'http://proxy.example:3128', loginSecret: 'cde-proxy' },
    })
    manager = KubernetesObjectApi.makeApiClient(account.config)
  },
  { timeout: 30 * 60_000 },
)

after(async () => {
  await account?.remove()
  await core?.deleteNamespace({ name: namespace })
  await borrowed?.giveBack()
})

const image = `registry.example/ws@sha256:${'0'.repeat(64)}`
const site: WorkspaceDefaults = {
  namespace,
  image,
  pullSecrets: ['cde-registry'],
  storageClass: undefined,
  caConfigMap: 'cde-workspace-ca',
  ticketKeys: '{"keys":[]}',
  proxy: { HTTP_PROXY: 'http://proxy.example:3128' },
  proxyLoginSecret: 'cde-proxy',
  nodeSelector: { 'example.com/pool': 'cde' },
  tolerations: [{ key: 'pool', operator: 'Exists' }],
  gpuResource: 'nvidia.com/gpu',
}
const spec = (change = {}) => ({
  ...{ id: newIdentifier(), image, cpuMilli: 1000, memoryGiB: 1, diskGiB: 1, on: false, gpus: 1 },
  pullSecret: 'of-a-registry',
  ...change,
})

/** Applies as the manager does; resolves with what Kubernetes says against it, undefined where it does nothing. */
const apply = (object: Rendered, dryRun: 'All' | undefined = 'All') =>
  manager
    .patch(object, undefined, dryRun, 'cde-manager', true, PatchStrategy.ServerSideApply)
    .then(() => undefined, refusal)
const refusal = (error: unknown): string => {
  if (error instanceof ApiException) return String(error.body)
  throw error
}

test('with the rights of the chart the manager makes, changes and removes workspaces', async () => {
  const engine = kubernetesEngine(account.config, site, silent)
  const one = spec()
  await engine.apply(one)
  await engine.apply({ ...one, on: true, rebuilds: 2 })
  await engine.apply({ ...one, image: `other.example/ws@sha256:${'1'.repeat(64)}` })
  const end = Date.now() + 60_000
  while (!(await engine.remove(one.id))) assert.ok(Date.now() < end, 'nothing is left in time')
  await engine.close()
})

test('what an operator marks a workspace with does not keep the manager from changing it', async () => {
  const engine = kubernetesEngine(account.config, site, silent)
  const one = spec()
  await engine.apply(one)
  const mark = { annotations: { 'backup.example/when': 'nightly' }, labels: { 'backup.example/yes': 'true' } }
  const [serviceAccount, claim, service, deployment] = workspaceObjects(one, site)
  for (const { apiVersion, kind, metadata } of [serviceAccount, claim, service, deployment])
    await admin.patch({ apiVersion, kind, metadata: { name: metadata?.name ?? '', namespace, ...mark } } as never)
  const restarted = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } }
  const { apiVersion, kind, metadata } = deployment
  await admin.patch({
    apiVersion,
    kind,
    metadata: { name: metadata?.name, namespace },
    spec: { template: restarted },
  } as never)
  await engine.apply({ ...one, on: true })
  await engine.remove(one.id)
  await engine.close()
})

test('a manager that was taken over gets none of what a workspace does not need', async (t) => {
  for (const [what, at, change] of overreach)
    await t.test(what, async () => {
      const one = spec()
      const fit = workspaceObjects(one, site)[at] as Rendered
      assert.equal(await apply(fit), undefined, 'without it')
      // labels that two places share are two after this
      const object = JSON.parse(JSON.stringify(fit))
      const pod = object.spec?.template?.spec
      change(object, pod, pod?.containers[0])
      assert.match((await apply(object)) ?? 'allowed', /ValidatingAdmissionPolicy .*cde-manager.* denied request/)
    })
})

test("what is not a workspace's it can neither change nor remove, and more kinds it can't touch at all", async () => {
  const labels = { app: 'envproxy' }
  const metadata = { name: 'cde-envproxy', namespace }
  const container = { name: 'main', image }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  }
  const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 80 }] } }
  for (const object of [deployment, service] as Rendered[]) {
    await admin.create(object)
    assert.match((await apply(object)) ?? 'allowed', /denied request/)
    const merge = manager.patch(
      { ...object, spec: undefined, metadata: { ...metadata, labels } },
      undefined,
      'All',
      undefined,
      undefined,
      PatchStrategy.MergePatch,
    )
    assert.match((await merge.then(() => undefined, refusal)) ?? 'allowed', /denied request/)
    const removed = manager.delete(object, undefined, 'All').then(() => undefined, refusal)
    assert.match((await removed) ?? 'allowed', /denied request/)
  }
  for (const [apiVersion, kind] of [
    ['v1', 'Secret'],
    ['v1', 'ConfigMap'],
    ['v1', 'Pod'],
    ['apps/v1', 'StatefulSet'],
    ['apps/v1', 'DaemonSet'],
    ['batch/v1', 'Job'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
    ['networking.k8s.io/v1', 'NetworkPolicy'],
    ['networking.k8s.io/v1', 'Ingress'],
    ['discovery.k8s.io/v1', 'EndpointSlice'],
  ] as const) {
    const object = { apiVersion, kind, metadata: { name: 'x', namespace } }
    for (const ask of ['create', 'read', 'delete'] as const)
      assert.match((await manager[ask](object).then(() => undefined, refusal)) ?? 'allowed', /forbidden/, `${kind}`)
  }
})

test('the namespace may be restricted: the API server takes every pod of the chart and of a workspace', async () => {
  const pods: [string, Rendered][] = [['workspace', (workspaceObjects(spec(), site)[3] as Rendered).spec.template]]
  for (const { name, values } of await valuesSets())
    for (const object of podsOf(await objects(values)))
      pods.push([`${name}: ${object.metadata.name}`, object.spec.template])
  for (const [name, template] of pods) {
    // neither the account nor a StatefulSet's own volumes are there, and the standard looks at neither
    const { serviceAccountName: _, volumes = [], containers, ...rest } = template.spec
    const mounted = containers.flatMap(({ volumeMounts = [] }: Rendered) => volumeMounts)
    const missing = mounted.filter(({ name }: Rendered) => !volumes.some((one: Rendered) => one.name === name))
    const pod = {
      ...rest,
      containers,
      volumes: [...volumes, ...missing.map(({ name }: Rendered) => ({ name, emptyDir: {} }))],
    }
    const body = { metadata: { generateName: 'x-', labels: template.metadata.labels }, spec: pod }
    await core
      .createNamespacedPod({ namespace, dryRun: 'All', body })
      .catch((error: unknown) => assert.fail(`${name}: ${refusal(error)}`))
  }
  const privileged = { containers: [{ name: 'x', image, securityContext: { privileged: true } }] }
  await assert.rejects(
    core.createNamespacedPod({ namespace, dryRun: 'All', body: { metadata: { name: 'x' }, spec: privileged } }),
    /PodSecurity/,
  )
})
