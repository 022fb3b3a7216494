import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node'
import { type BorrowedLab, borrowLab } from '../lab/borrow.ts'
import type { Lab } from '../lab/lab.ts'
import { importHealthyWorkspace } from './healthy-workspace.ts'
import { type ManagerProcess, type ManagerSite, managerSite } from './manager-process.ts'

const many = 16
const size = { cpu: 0.25, memoryGiB: 1, diskGiB: 1 }
type Shown = { id: string; name: string; status: string }

let borrowed: BorrowedLab | undefined
let lab: Lab
let site: ManagerSite
/** those that run */
let managers: ManagerProcess[]

before(
  async () => {
    borrowed = await borrowLab()
    lab = borrowed.lab
    site = await managerSite(lab, await importHealthyWorkspace(lab))
    managers = [await site.start(), await site.start()]
  },
  { timeout: 30 * 60_000 },
)
after(async () => {
  await site?.close()
  await borrowed?.giveBack()
})

async function until<T>(what: string, limit: number, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + limit; ; ) {
    const found = await look()
    if (found) return found
    assert.ok(Date.now() < end, `in vain: ${what}`)
    await sleep(200)
  }
}

/** Calls one manager after the other until one answers, as a load balancer and a patient client do. */
async function ask(first: number, method: string, path: string, body?: object) {
  for (let attempt = first; ; attempt++) {
    const manager = managers[attempt % managers.length] as ManagerProcess
    const answer = await manager.call(method, path, body).catch(() => undefined)
    if (answer !== undefined && answer.status < 500) return answer
    assert.ok(attempt - first < 100, 'no manager answers')
    await sleep(200)
  }
}
const list = async (): Promise<Shown[]> => (await ask(0, 'GET', '/api/v0/workspaces')).body

/** kill -9 of the one that reconciles; another one is started in its place, as a Deployment does. */
async function killLeader(t: TestContext, look: () => Promise<void> = async () => {}): Promise<void> {
  const leader = await until('a leader', 15_000, async () => managers.find((one) => one.leads()))
  managers = managers.filter((one) => one !== leader)
  await leader.kill()
  t.diagnostic(`killed the manager ${leader.child.pid} that reconciled`)
  await look()
  managers.push(await site.start())
}

/** Ids of the workspaces that have objects of a kind, once for each object. */
const idsOf = async (objects: Promise<KubernetesListObject<KubernetesObject>>): Promise<string[]> =>
  (await objects).items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .flatMap(({ metadata }) => metadata?.labels?.['sealift.dev/workspace'] ?? [])
    .sort()
const labelSelector = 'sealift.dev/workspace'
const kinds = () => {
  const where = { namespace: site.namespace, labelSelector }
  return {
    deployments: idsOf(site.apps.listNamespacedDeployment(where)),
    pods: idsOf(site.core.listNamespacedPod(where)),
    claims: idsOf(site.core.listNamespacedPersistentVolumeClaim(where)),
    accounts: idsOf(site.core.listNamespacedServiceAccount(where)),
    services: idsOf(site.core.listNamespacedService(where)),
  }
}

test('creates over both managers, one of them killed in the middle: each workspace is there once, and runs', async (t) => {
  const names = Array.from({ length: many }, (_, index) => `w${index}`)
  const from = Date.now()
  const create = async (name: string, index: number) => {
    const answer = await ask(index, 'POST', '/api/v0/workspaces', { name, ...size })
    // taken: the one that was killed had made it and could not say so
    assert.ok(answer.status === 201 || answer.body.code === 'WORKSPACE_NAME_TAKEN', JSON.stringify(answer.body))
  }
  const creates = Promise.all(names.map(async (name, index) => sleep(index * 100).then(() => create(name, index))))
  const some = await until('the first objects', 30_000, async () => {
    const made = await kinds().claims
    return made.length > 0 && made
  })
  await killLeader(t)
  t.diagnostic(`at that time ${some.length} of ${many} had a claim`)
  assert.ok(some.length < many, 'it was killed in the middle')
  await creates
  let shown: Shown[] = []
  const made = await until('all of them ON', 150_000, async () => {
    shown = await list()
    return shown.every(({ status }) => status === 'ON') && shown
  }).catch(async (error) => {
    t.diagnostic(JSON.stringify(shown.filter(({ status }) => status !== 'ON')))
    t.diagnostic(await lab.kubectl(['get', 'pods,persistentvolumeclaims,events', `--namespace=${site.namespace}`]))
    throw error
  })
  t.diagnostic(`${many} workspaces ON after ${Date.now() - from} ms`)
  assert.deepEqual(made.map(({ name }) => name).sort(), names.sort())
  const ids = made.map(({ id }) => id).sort()
  const { services, ...others } = kinds()
  for (const [kind, found] of Object.entries(others)) assert.deepEqual(await found, ids, kind)
  assert.deepEqual([...new Set(await services)], ids)
})

test('a pod and a Deployment that are deleted behind its back come again, with the same home', async (t) => {
  const [one, other] = (await list()) as [Shown, Shown]
  const { namespace, core, apps } = site
  const podOf = async (id: string) => {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${labelSelector}=${id}` })
    return items.find(({ metadata }) => metadata?.deletionTimestamp === undefined)
  }
  const claimOf = async (id: string) =>
    (await core.readNamespacedPersistentVolumeClaim({ namespace, name: `ws-${id}-home` })).metadata?.uid
  const [pod, claim] = [await podOf(one.id), await claimOf(other.id)]
  const from = Date.now()
  await core.deleteNamespacedPod({ namespace, name: pod?.metadata?.name ?? '' })
  await apps.deleteNamespacedDeployment({ namespace, name: `ws-${other.id}` })
  await until('another pod', 30_000, async () => {
    const uid = (await podOf(one.id))?.metadata?.uid
    return uid !== undefined && uid !== pod?.metadata?.uid
  })
  await until('another Deployment', 30_000, async () => (await kinds().deployments).includes(other.id))
  await until('both ON', 60_000, async () => (await list()).every(({ status }) => status === 'ON'))
  t.diagnostic(`both ON again after ${Date.now() - from} ms`)
  assert.equal(await claimOf(other.id), claim)
  assert.equal((await list()).length, many)
  const { pods, deployments } = kinds()
  assert.deepEqual([(await pods).length, (await deployments).length], [many, many])
})

test('a Service, a ServiceAccount and a claim deleted behind its back: the first come back, a home never empty', async (t) => {
  const [one, other] = (await list()) as [Shown, Shown]
  const { namespace, core } = site
  const from = Date.now()
  await core.deleteNamespacedService({ namespace, name: `ws-${one.id}` })
  await core.deleteNamespacedServiceAccount({ namespace, name: `ws-${one.id}` })
  await until('both again', 8_000, async () => {
    const { services, accounts } = kinds()
    return (await services).filter((id) => id === one.id).length === 2 && (await accounts).includes(one.id)
  })
  t.diagnostic(`both there again after ${Date.now() - from} ms`)
  await until('ON', 60_000, async () => (await list()).every(({ status }) => status === 'ON'))

  const name = `ws-${other.id}-home`
  const shown = async () => (await ask(0, 'GET', `/api/v0/workspaces/${other.id}`)).body
  await core.deleteNamespacedPersistentVolumeClaim({ namespace, name })
  await until('a warning', 15_000, async () => /before it stops/.test((await shown()).statusMessage ?? ''))
  assert.equal((await shown()).status, 'ON')
  await ask(0, 'POST', `/api/v0/workspaces/${other.id}/stop`)
  await until('the loss', 60_000, async () => /was deleted in the cluster/.test((await shown()).statusMessage ?? ''))
  await ask(0, 'POST', `/api/v0/workspaces/${other.id}/start`)
  await sleep(12_000)
  assert.equal((await shown()).status, 'FAILED')
  assert.ok(!(await kinds().claims).includes(other.id), 'longer than a pass of the reconciler')
  // as a restore from a backup does
  const claim = await core.readNamespacedPersistentVolumeClaim({ namespace, name: `ws-${one.id}-home` })
  const labels = { ...claim.metadata?.labels, [labelSelector]: other.id }
  const { accessModes = [], resources = {}, storageClassName } = claim.spec ?? {}
  await core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: { metadata: { name, labels }, spec: { accessModes, resources, storageClassName: storageClassName ?? 'lab' } },
  })
  await until('no failure any more', 15_000, async () => (await shown()).status !== 'FAILED')
  // its pod would start by itself, but kube-scheduler may look at it again only after 5 minutes: a new one it sees at once
  await ask(0, 'POST', `/api/v0/workspaces/${other.id}/stop`)
  await until(
    'OFF',
    30_000,
    async () => (await shown()).status === 'OFF' && (await shown()).statusMessage === undefined,
  )
  await ask(0, 'POST', `/api/v0/workspaces/${other.id}/start`)
  await until('ON with what was restored', 60_000, async () => (await shown()).status === 'ON')
})

test("a larger disk is refused in the cluster's words, and nothing of the workspace changes", async () => {
  const [one] = (await list()) as [Shown]
  const { namespace, core } = site
  const claim = () => core.readNamespacedPersistentVolumeClaim({ namespace, name: `ws-${one.id}-home` })
  const before = await claim()
  const { status, body } = await ask(0, 'PATCH', `/api/v0/workspaces/${one.id}`, { diskGiB: 2, cpu: 0.5 })
  assert.deepEqual([status, body.code], [409, 'WORKSPACE_DISK_FIXED'])
  assert.match(body.why, /must support resize/)
  assert.deepEqual((await claim()).spec, before.spec)
  const { body: after } = await ask(0, 'GET', `/api/v0/workspaces/${one.id}`)
  assert.deepEqual([after.status, after.diskGiB, after.cpu], ['ON', 1, 0.25])
})

test('deletes over both managers, one of them killed in the middle: nothing is left, and the others stay', async (t) => {
  const all = await list()
  const [gone, kept] = [all.slice(0, many / 2), all.slice(many / 2).map(({ id }) => id)]
  const deletes = gone.map(async ({ id }, index) => {
    const { status, body } = await ask(index, 'DELETE', `/api/v0/workspaces/${id}`)
    assert.ok(status === 204 || body.code === 'WORKSPACE_UNKNOWN', JSON.stringify(body))
  })
  await until('the first to go', 30_000, async () => {
    const left = await kinds().deployments
    return gone.some(({ id }) => !left.includes(id))
  })
  await killLeader(t, async () => {
    const rest = new Set((await Promise.all(Object.values(kinds()))).flat())
    t.diagnostic(`then ${gone.filter(({ id }) => rest.has(id)).length} of ${gone.length} still had objects`)
  })
  await Promise.all(deletes)
  await until('their objects gone', 90_000, async () => {
    const found = await Promise.all(Object.values(kinds()))
    return found.every((ids) => ids.every((id) => kept.includes(id)))
  })
  assert.deepEqual((await list()).map(({ id }) => id).sort(), kept.toSorted())
  const { deployments, pods, claims } = kinds()
  for (const ids of [deployments, pods, claims]) assert.deepEqual(await ids, kept.toSorted())
})
