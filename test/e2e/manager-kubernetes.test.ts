import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppsV1Api, CoreV1Api, KubeConfig, StorageV1Api } from '@kubernetes/client-node'
import { newIdentifier } from '../../services/manager/identifiers.ts'
import { EngineRefusal, type Observation, type WorkspaceEngine } from '../../services/manager/workspaces/engine.ts'
import { kubernetesEngine } from '../../services/manager/workspaces/kubernetes.ts'
import { silent } from '../integration/manager/site.ts'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import type { Lab } from '../lab/lab.ts'
import { importHealthyWorkspace } from './healthy-workspace.ts'

let borrowed: BorrowedLab | undefined
let lab: Lab
let image: string

before(
  async () => {
    borrowed = await borrowLab()
    lab = borrowed.lab
    image = await importHealthyWorkspace(lab)
  },
  { timeout: 30 * 60_000 },
)

after(() => borrowed?.giveBack())

async function cluster(t: TestContext, storageClass?: string) {
  const config = new KubeConfig()
  config.loadFromFile(lab.kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const name = `manager-test-${randomBytes(4).toString('hex')}`
  // the API server itself refuses pods that are not restricted
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await core.createNamespace({ body: { metadata: { name, labels } } })
  const site = { namespace: name, image, pullSecrets: [], storageClass, caConfigMap: undefined }
  const engine = kubernetesEngine(config, site, silent)
  t.after(async () => {
    await engine.close()
    await core.deleteNamespace({ name })
  })
  const gone: string[] = []
  await engine.watch((id, vanished) => {
    if (vanished) gone.push(id)
  })
  return {
    engine,
    core,
    apps: config.makeApiClient(AppsV1Api),
    storage: config.makeApiClient(StorageV1Api),
    namespace: name,
    gone,
  }
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
  const rebuilding = { seen: 'present', ready: false, off: false }
  assert.partialDeepStrictEqual(engine.observe(one.id), rebuilding, 'the old pod counts no more')
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

test('a Service or ServiceAccount deleted behind our back is seen at once and comes back with the next apply', async (t) => {
  const { engine, core, namespace, gone } = await cluster(t)
  const one = spec({ on: false })
  await engine.apply(one)
  const whole = (seen: Observation) =>
    seen.seen === 'present' && seen.off && seen.lacks === false && seen.home === 'there'
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.off && seen.home === 'there')
  for (const remove of [
    () => core.deleteNamespacedService({ namespace, name: `ws-${one.id}` }),
    () => core.deleteNamespacedService({ namespace, name: `ws-${one.id}-pod` }),
    () => core.deleteNamespacedServiceAccount({ namespace, name: `ws-${one.id}` }),
  ]) {
    gone.length = 0
    await remove()
    const waited = await until(engine, one.id, (seen) => seen.seen === 'present' && seen.lacks === true)
    t.diagnostic(`seen after ${waited} ms`)
    assert.deepEqual([...new Set(gone)], [one.id])
    await engine.apply({ ...one, homeMade: true })
  }
  // a fresh apply is not judged before the watches have had their time
  await until(engine, one.id, whole)
})

test('a home that somebody deletes stays while its pod runs, and is not made again when it is gone', async (t) => {
  const { engine, core, namespace } = await cluster(t)
  const one = spec()
  const claims = async () => (await core.listNamespacedPersistentVolumeClaim({ namespace })).items.length
  await engine.apply(one)
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.ready)
  await core.deleteNamespacedPersistentVolumeClaim({ namespace, name: `ws-${one.id}-home` })
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.home === 'going' && seen.ready)
  await engine.apply({ ...one, homeMade: true, on: false })
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.home === 'lost' && seen.off)
  await engine.apply({ ...one, homeMade: true })
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.home === 'lost')
  await sleep(2_000)
  assert.equal(await claims(), 0)
  await engine.apply(one)
  await until(engine, one.id, (seen) => seen.seen === 'present' && seen.home === 'there' && seen.ready)
})

test('a disk grows where the storage class lets it; where not, the refusal has its words and nothing changes', async (t) => {
  const { engine, core, namespace } = await cluster(t)
  const asked = async (id: string, where = namespace) =>
    (await core.readNamespacedPersistentVolumeClaim({ namespace: where, name: `ws-${id}-home` })).spec?.resources
      ?.requests
  const fixed = spec({ on: false })
  await engine.apply(fixed)
  const claim = async () =>
    (await core.readNamespacedPersistentVolumeClaim({ namespace, name: `ws-${fixed.id}-home` })).status
  while ((await claim())?.phase !== 'Bound') await sleep(100)
  await assert.rejects(engine.growHome(fixed.id, 2), (error: Error) => {
    assert.ok(error instanceof EngineRefusal)
    assert.match(error.message, /storageclass that provisions the pvc must support resize/)
    return true
  })
  assert.deepEqual(await asked(fixed.id), { storage: '1Gi' })
  await assert.rejects(engine.growHome('aaaaaaaaaa', 2), EngineRefusal, 'a claim that is not there is not made')

  const name = `grows-${randomBytes(4).toString('hex')}`
  const other = await cluster(t, name)
  await other.storage.createStorageClass({
    body: { metadata: { name }, provisioner: 'example.com/none', allowVolumeExpansion: true },
  })
  const volume = {
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: name,
      hostPath: { path: `/tmp/${name}` },
    },
  }
  await core.createPersistentVolume({ body: volume })
  t.after(async () => {
    await core.deletePersistentVolume({ name })
    await other.storage.deleteStorageClass({ name })
  })
  const grows = spec({ on: false })
  await other.engine.apply(grows)
  const where = { namespace: other.namespace, name: `ws-${grows.id}-home` }
  while ((await core.readNamespacedPersistentVolumeClaim(where)).status?.phase !== 'Bound') await sleep(100)
  await other.engine.growHome(grows.id, 3)
  assert.deepEqual(await asked(grows.id, other.namespace), { storage: '3Gi' })
  await other.engine.apply({ ...grows, homeMade: true })
  assert.deepEqual(await asked(grows.id, other.namespace), { storage: '3Gi' }, 'an apply leaves it alone')
})
