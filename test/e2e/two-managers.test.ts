import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node'
import { type Lab, up } from '../lab/lab.ts'
import { importHealthyWorkspace } from './healthy-workspace.ts'
import { type ManagerProcess, type ManagerSite, managerSite } from './manager-process.ts'

const many = 16
const size = { cpu: 0.25, memoryGiB: 1, diskGiB: 1 }
type Shown = { id: string; name: string; status: string }

let lab: Lab
let site: ManagerSite
/** those that run */
let managers: ManagerProcess[]

before(
  async () => {
    lab = await up()
    site = await managerSite(lab, await importHealthyWorkspace(lab))
    managers = [await site.start(), await site.start()]
  },
  { timeout: 30 * 60_000 },
)
after(() => site?.close())

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
  const made = await until('all of them ON', 150_000, async () => {
    const shown = await list()
    return shown.every(({ status }) => status === 'ON') && shown
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
