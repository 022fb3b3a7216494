import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { applySecret, ensureNamespace, findNamespace, readSecret } from '../../installer/src/cluster/apply.ts'
import { type Cluster, connectCluster } from '../../installer/src/cluster/connection.ts'
import { helmStatus, helmUpgrade } from '../../installer/src/cluster/helm.ts'
import { endOrphanedHelm, rememberHelm } from '../../installer/src/cluster/helm-orphan.ts'
import { dropUnfinishedRevisions } from '../../installer/src/cluster/helm-record.ts'
import { probePull, usableNodes } from '../../installer/src/cluster/node-pull.ts'
import { assertOwnership } from '../../installer/src/cluster/ownership.ts'
import { apiResources, deniedPermissions } from '../../installer/src/cluster/permissions.ts'
import { inProbeNamespace } from '../../installer/src/cluster/probe-namespace.ts'
import { waitForRollout } from '../../installer/src/cluster/rollout.ts'
import { isReady, type Workload, workloadStates } from '../../installer/src/cluster/workloads.ts'
import { clusterJournal } from '../../installer/src/install/cluster-journal.ts'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import { type Lab, probeImage } from '../lab/lab.ts'
import { helmBinary } from '../lab/tools.ts'

const namespace = `install-test-${Date.now().toString(36)}`
const signal = new AbortController().signal
const scratch = mkdtempSync(path.join(tmpdir(), 'install-cluster-'))
let borrowed: BorrowedLab | undefined
let lab: Lab
let cluster: Cluster

before(async () => {
  borrowed = await borrowLab()
  lab = borrowed.lab
  cluster = connectCluster({ kubeconfig: lab.kubeconfig }, signal)
  assert.equal(await ensureNamespace(cluster, namespace), 'created')
})

after(async () => {
  await cluster?.core.deleteNamespace({ name: namespace })
  rmSync(scratch, { recursive: true, force: true })
  await borrowed?.giveBack()
})

/** A Deployment of one pod, as the namespace wants it. */
function deployment(name: string, image: string, args = ['serve', '8080']) {
  const labels = { app: name }
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
  const container = { name: 'main', image, args, securityContext }
  const restricted = { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, securityContext: restricted, containers: [container] },
      },
    },
  }
}

const workload = (name: string): Workload => ({ kind: 'Deployment', name, labels: { app: name } })

/** A chart of one Deployment, in a directory. */
function chartOf(name: string, image: string): string {
  const dir = path.join(scratch, name)
  mkdirSync(path.join(dir, 'templates'), { recursive: true })
  writeFileSync(path.join(dir, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`)
  writeFileSync(path.join(dir, 'templates', 'all.yaml'), JSON.stringify(deployment(name, image)))
  return dir
}

test('a namespace and a secret are applied twice without a change, and a taken-over field stays taken', async () => {
  assert.equal(await ensureNamespace(cluster, namespace), 'present')
  const version = async () =>
    (await cluster.core.readNamespacedSecret({ namespace, name: 's' })).metadata?.resourceVersion
  await applySecret(cluster, namespace, 's', 'Opaque', { key: 'value' })
  const first = await version()
  await applySecret(cluster, namespace, 's', 'Opaque', { key: 'value' })
  assert.equal(await version(), first)
  await applySecret(cluster, namespace, 's', 'Opaque', { other: 'x' })
  assert.deepEqual(await readSecret(cluster, namespace, 's'), { other: 'x' })
  assert.equal(await readSecret(cluster, namespace, 'none'), undefined)
})

test('a namespace that is still being deleted is waited for, then made anew; what is put into one is refused in words', async () => {
  const name = `${namespace}-probe`
  await ensureNamespace(cluster, name)
  // a finalizer that nobody acts on holds the namespace
  await cluster.core.createNamespacedConfigMap({
    namespace: name,
    body: { metadata: { name: 'held', finalizers: ['sealift.test/hold'] } },
  })
  await cluster.core.deleteNamespace({ name })
  await assert.rejects(applySecret(cluster, name, 's', 'Opaque', {}), { code: 'CLUSTER_DELETING' })
  await assert.rejects(findNamespace(cluster, name, { limit: 2000 }), { code: 'CLUSTER_DELETING', fix: /describe/ })
  const waits: string[] = []
  const found = findNamespace(cluster, name, { onWait: (what) => waits.push(what) })
  const patch = JSON.stringify({ metadata: { finalizers: null } })
  await lab.kubectl(['patch', 'configmap', 'held', `--namespace=${name}`, '--type=merge', `--patch=${patch}`])
  assert.deepEqual([await found, waits], [undefined, [`namespace ${name}`]])

  // at once behind one another, as after a kill
  for (let i = 0; i < 2; i += 1)
    await inProbeNamespace(cluster, name, () => applySecret(cluster, name, 's', 'Opaque', {}))
})

test('a namespace whose pod might take hours to end, and does not, is not waited for by the hour', async () => {
  const name = `${namespace}-slow`
  await ensureNamespace(cluster, name)
  const { spec, ...slow } = deployment('slow', probeImage)
  spec.template.spec.terminationGracePeriodSeconds = 14_400
  await cluster.objects.create({ ...slow, spec, metadata: { name: 'slow', namespace: name } })
  const workloads = [workload('slow')]
  await waitForRollout(cluster, name, workloads, { timeout: 60_000, interval: 500 })
  await cluster.core.deleteNamespace({ name })
  assert.equal(await findNamespace(cluster, name, { limit: 60_000 }), undefined)
})

test('an object that another release installed is not taken over', async () => {
  const own = { name: 'first', namespace }
  const header = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', namespace: 'default' } }
  await assert.rejects(assertOwnership(cluster, own, [header]), { code: 'CLUSTER_OWNED' })
  await assertOwnership(cluster, own, [deployment('none', probeImage)])
})

test('a user without rights is told exactly what is missing', async () => {
  const { status } = await cluster.core.createNamespacedServiceAccountToken({
    namespace,
    name: 'default',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [], expirationSeconds: 600 },
    },
  })
  const weak = connectCluster({ kubeconfig: kubeconfigWith(status?.token as string, 'weak') }, signal)
  const wanted = [{ verb: 'create', group: 'apps', resource: 'deployments', namespace }]
  assert.deepEqual(await deniedPermissions(weak, wanted), wanted)
  assert.deepEqual(await deniedPermissions(cluster, wanted), [])
  await assert.rejects(readSecret(weak, namespace, 's'), { code: 'CLUSTER_FORBIDDEN' })
  const wrong = connectCluster({ kubeconfig: kubeconfigWith('not-a-token', 'wrong') }, signal)
  await assert.rejects(readSecret(wrong, namespace, 's'), { code: 'CLUSTER_UNAUTHORIZED' })
})

test('kinds are found by discovery, unknown ones are not', async () => {
  const find = apiResources(cluster)
  assert.deepEqual(await find('apps/v1', 'Deployment'), { group: 'apps', resource: 'deployments', namespaced: true })
  assert.deepEqual(await find('v1', 'Namespace'), { group: '', resource: 'namespaces', namespaced: false })
  assert.equal(await find('example.com/v1', 'Widget'), undefined)
  assert.equal(await find('apps/v1', 'Widget'), undefined)
})

test('a node that cannot pull says so in the words of its kubelet, and the probe leaves no pod', async () => {
  const [node] = usableNodes((await cluster.core.listNode()).items)
  const image = `${lab.bastionAddress}:1/cde/manager@sha256:${'a'.repeat(64)}`
  await assert.rejects(
    probePull(cluster, { namespace, node: node?.metadata?.name as string, image, timeout: 60_000 }),
    (error: SealiftError) =>
      error.code === 'CLUSTER_NODE_PULL' &&
      /connection refused/.test(error.why ?? '') &&
      /crictl pull/.test(error.fix ?? ''),
  )
  await setTimeout(1000)
  assert.deepEqual(
    (await cluster.core.listNamespacedPod({ namespace })).items.map((pod) => pod.metadata?.name),
    [],
  )
})

test('a rollout that fails names each pod, why, and its last lines', async () => {
  await cluster.objects.create(deployment('crash', probeImage, ['no-such-word']))
  await cluster.objects.create(deployment('pull', `${lab.bastionAddress}:1/none:1`))
  const told: string[] = []
  const rollout = waitForRollout(cluster, namespace, [workload('crash'), workload('pull')], {
    timeout: 20_000,
    interval: 500,
    onProblem: (problem) => told.push(problem.reason),
  })
  await assert.rejects(rollout, (error: SealiftError) => {
    assert.equal(error.code, 'CLUSTER_ROLLOUT')
    assert.match(error.message, /Deployment\/crash 0 of 1 ready, Deployment\/pull 0 of 1 ready/)
    assert.match(error.why ?? '', /pod crash-\S+ \(main\): \w+: exit code \d+/)
    const pull = `pod pull-\\S+ \\(main\\): (ErrImagePull|ImagePullBackOff): .*${lab.bastionAddress}:1/`
    assert.match(error.why ?? '', new RegExp(pull))
    return true
  })
  assert.ok(told.length >= 2)
})

test('helm installs, and an upgrade that does not become ready is taken back', async () => {
  const helm = { path: await helmBinary(), home: path.join(scratch, 'home') }
  const release = { name: 'good', namespace }
  const options = { signal, timeout: 60_000, description: 'first', takesBack: true }
  const address = { kubeconfig: lab.kubeconfig }
  const chart = chartOf('good', probeImage)
  await helmUpgrade(helm, address, release, { chart, values: { a: 1 } }, options)
  const first = await helmStatus(helm, address, release, { signal })
  assert.deepEqual(
    [first?.status, first?.description, first?.values, first?.revision],
    ['deployed', 'first', { a: 1 }, 1],
  )
  assert.ok((await workloadStates(cluster, namespace, [workload('good')])).every(isReady))

  chartOf('good', `${lab.bastionAddress}:1/none:1`)
  const upgrade = helmUpgrade(helm, address, release, { chart, values: { a: 2 } }, { ...options, timeout: 10_000 })
  await assert.rejects(upgrade, { code: 'CLUSTER_HELM_UPGRADE' })
  const back = await helmStatus(helm, address, release, { signal })
  assert.deepEqual([back?.status, back?.values], ['deployed', { a: 1 }])
  const installed = [deployment('good', probeImage)]
  await assertOwnership(cluster, release, installed)
  await assert.rejects(assertOwnership(cluster, { name: 'other', namespace }, installed), {
    why: `Deployment good is of release good in namespace ${namespace}`,
  })
  assert.equal(await helmStatus(helm, address, { name: 'none', namespace }, { signal }), undefined)
})

test('after a kill in the middle of helm the next run ends what is left and installs', async () => {
  const helm = { path: await helmBinary(), home: path.join(scratch, 'home') }
  const release = { name: 'killed', namespace }
  const address = { kubeconfig: lab.kubeconfig }
  const broken = chartOf('killed', `${lab.bastionAddress}:1/none:1`)
  const options = { signal, timeout: 60_000, description: 'x', takesBack: true }
  let pid = 0
  const first = helmUpgrade(
    helm,
    address,
    release,
    { chart: broken, values: {} },
    {
      ...options,
      onStart: (id) => {
        pid = id
        rememberHelm(helm, id)
      },
    },
  ).catch(() => {})
  while ((await helmStatus(helm, address, release, { signal }))?.status !== 'pending-install') await setTimeout(200)
  process.kill(pid, 'SIGKILL')
  await first
  assert.equal(await endOrphanedHelm(helm), false)
  const chart = chartOf('killed', probeImage)
  await assert.rejects(helmUpgrade(helm, address, release, { chart, values: {} }, options), {
    code: 'CLUSTER_HELM_BUSY',
  })
  assert.equal((await dropUnfinishedRevisions(cluster, release)).length, 1)
  await helmUpgrade(helm, address, release, { chart, values: {} }, options)
  assert.equal((await helmStatus(helm, address, release, { signal }))?.status, 'deployed')
})

test('the journal in the cluster keeps the lines of earlier runs', async () => {
  const entry = { at: 1, run: 'a', stage: 'license', event: 'done' } as const
  await clusterJournal(() => cluster, namespace)([entry])
  await clusterJournal(() => cluster, namespace)([{ ...entry, run: 'b' }])
  const map = await cluster.core.readNamespacedConfigMap({ namespace, name: 'sealift-journal' })
  const runs = (map.data?.['journal.jsonl'] ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).run)
  assert.deepEqual(runs, ['a', 'b'])
})

function kubeconfigWith(token: string, name: string): string {
  const file = path.join(scratch, name)
  const ca = JSON.parse(readFileSync(lab.kubeconfig, 'utf8')).clusters[0].cluster['certificate-authority-data']
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: cluster.server, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  )
  return file
}
