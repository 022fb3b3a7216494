import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { newIdentifier } from '../../services/manager/identifiers.ts'
import { EngineRefusal, type Observation, type WorkspaceEngine } from '../../services/manager/workspaces/engine.ts'
import { kubernetesEngine } from '../../services/manager/workspaces/kubernetes.ts'
import { silent } from '../integration/manager/site.ts'
import { type Lab, up } from '../lab/lab.ts'
import { importHealthyWorkspace } from './healthy-workspace.ts'

let lab: Lab
let image: string

before(
  async () => {
    lab = await up()
    image = await importHealthyWorkspace(lab)
  },
  { timeout: 30 * 60_000 },
)

async function cluster(t: TestContext) {
  const config = new KubeConfig()
  config.loadFromFile(lab.kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const name = `manager-test-${randomBytes(4).toString('hex')}`
  // the API server itself refuses pods that are not restricted
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await core.createNamespace({ body: { metadata: { name, labels } } })
  const site = { namespace: name, image, pullSecrets: [], storageClass: undefined, caConfigMap: undefined }
  const engine = kubernetesEngine(config, site, silent)
  t.after(async () => {
    await engine.close()
    await core.deleteNamespace({ name })
  })
  await engine.watch(() => {})
  return { engine, core, apps: config.makeApiClient(AppsV1Api), namespace: name }
}

async function until(engine: WorkspaceEngine, id: string, holds: (seen: Observation) => boolean): Promise<number> {
  const from = Date.now()
  while (!holds(engine.observe(id))) {
    assert.ok(Date.now() - from < 90_000, `in vain: ${JSON.stringify(engine.observe(id))}`)
    await sleep(50)
  }
  return Date.now() - from
}

const spec = (change = {}) => ({
  id: newIdentifier(),
  image,
  cpuMilli: 1000,
  memoryGiB: 1,
  diskGiB: 1,
  on: true,
  ...change,
})

test('a workspace runs under restricted pod security, stops, starts with its home kept, and goes', async (t) => {
  const { engine, core, namespace } = await cluster(t)
  await until(engine, 'x', (seen) => seen.seen === 'absent')
  const one = spec()
  await engine.apply(one)
  await engine.apply(one)
  t.diagnostic(`create to ready: ${await until(engine, one.id, (seen) => seen.seen === 'present' && seen.ready)} ms`)
  const [pod] = (await core.listNamespacedPod({ namespace })).items
  assert.deepEqual(
    pod?.spec?.volumes?.map((volume) => volume.name),
    ['home', 'tmp'],
    'no token of the Kubernetes API is mounted',
  )
  await engine.apply({ ...one, rebuilds: 1 })
  assert.deepEqual(engine.observe(one.id), { seen: 'present', ready: false, off: false }, 'the old pod counts no more')
  t.diagnostic(`rebuild: ${await until(engine, one.id, (seen) => seen.seen === 'present' && seen.ready)} ms`)
  const again = (await core.listNamespacedPod({ namespace })).items
  assert.deepEqual([again.length, again[0]?.metadata?.uid === pod?.metadata?.uid], [1, false])
  assert.equal(await engine.stats(), undefined, 'this cluster measures nothing')
  await engine.check()
  const claim = (await core.listNamespacedPersistentVolumeClaim({ namespace })).items[0]?.metadata?.uid
  await engine.apply({ ...one, on: false })
  t.diagnostic(`stop: ${await until(engine, one.id, (seen) => seen.seen === 'present' && seen.off)} ms`)
  await engine.apply(one)
  t.diagnostic(`start: ${await until(engine, one.id, (seen) => seen.seen === 'present' && seen.ready)} ms`)
  assert.equal((await core.listNamespacedPersistentVolumeClaim({ namespace })).items[0]?.metadata?.uid, claim)
  const from = Date.now()
  while (!(await engine.remove(one.id))) await sleep(200)
  t.diagnostic(`delete until nothing is left: ${Date.now() - from} ms`)
  await until(engine, one.id, (seen) => seen.seen === 'absent')
  assert.equal((await core.listNamespacedPersistentVolumeClaim({ namespace })).items.length, 0)
  assert.equal(await engine.remove(one.id), true, 'removing what is not there is well')
})

test('an image that cannot be pulled is at once known, and a failure when trying again does not help', async (t) => {
  const { engine } = await cluster(t)
  const one = spec({ image: `registry.invalid/none@sha256:${'0'.repeat(64)}` })
  await engine.apply(one)
  await until(engine, one.id, (seen) => seen.seen === 'present' && /ImagePull/.test(seen.progress ?? ''))
  await until(engine, one.id, (seen) => seen.seen === 'present' && /ImagePull/.test(seen.failure ?? ''))
})

test('a Deployment deleted behind our back is seen as absent; a quota is a refusal in its own words', async (t) => {
  const { engine, core, apps, namespace } = await cluster(t)
  const one = spec()
  await engine.apply(one)
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.ready)
  await apps.deleteNamespacedDeployment({ namespace, name: `ws-${one.id}` })
  await until(engine, one.id, (seen) => seen.seen === 'absent')
  const hard = { persistentvolumeclaims: '1' }
  await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: 'small' }, spec: { hard } } })
  await sleep(1_000)
  await assert.rejects(engine.apply(spec()), (error: Error) => {
    assert.ok(error instanceof EngineRefusal)
    assert.match(error.message, /exceeded quota/)
    return true
  })
})
