import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { applySecret, ensureNamespace, findNamespace } from '../../../../installer/src/cluster/apply.ts'
import { probePull } from '../../../../installer/src/cluster/node-pull.ts'
import { inProbeNamespace } from '../../../../installer/src/cluster/probe-namespace.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const name = 'cde-pull-probe'
const at = `/api/v1/namespaces/${name}`
const ours = { 'app.kubernetes.io/managed-by': 'sealift' }
const going = {
  metadata: { labels: ours, deletionTimestamp: '2026-01-01T00:00:00Z' },
  status: { phase: 'Terminating' },
}
const pull = { namespace: name, node: 'n', image: 'r.example/a@sha256:b', timeout: 5000 }

test('a pull that is tried while the namespace of the last try is still going waits for it, and leaves nothing', async (t) => {
  const { objects, put, connect } = await fakeKubernetes(t)
  put(at, going)
  await inProbeNamespace(connect(), name, () => probePull(connect(), pull))
  assert.equal(objects.get(at)?.metadata?.deletionTimestamp !== undefined, true, 'it is going')
  assert.deepEqual([...objects.keys()], [at])
})

test('what a killed run left is removed before the next one begins', async (t) => {
  const { objects, put, connect, calls } = await fakeKubernetes(t)
  put(at, { metadata: { labels: ours } })
  put(`${at}/pods/left`)
  await inProbeNamespace(connect(), name, async () => assert.ok(!objects.has(`${at}/pods/left`)))
  assert.equal(calls.filter((call) => call === `DELETE ${at}`).length, 2)
})

test('a node that cannot pull is told from one that takes no pod', { timeout: 20_000 }, async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put(at, { metadata: { labels: ours } })
  const tried = (status: object) => {
    fake.runPod = () => status
    return probePull(fake.connect(), { ...pull, timeout: 600_000 })
  }
  const state = (reason: string) => ({
    containerStatuses: [{ name: 'probe', state: { waiting: { reason, message: `${reason} it is` } } }],
  })
  await assert.rejects(tried(state('ImagePullBackOff')), { code: 'CLUSTER_NODE_PULL', why: 'ImagePullBackOff it is' })
  const refused = { code: 'CLUSTER_POD', message: /node n takes no pod/, why: 'OutOfcpu', fix: /describe node n$/ }
  await assert.rejects(tried({ phase: 'Failed', reason: 'OutOfcpu' }), refused)
  for (const reason of ['CreateContainerError', 'CrashLoopBackOff']) await tried(state(reason))
})

test("somebody else's namespace of that name is neither used nor deleted", async (t) => {
  const { put, connect, calls } = await fakeKubernetes(t)
  put(at)
  await assert.rejects(
    inProbeNamespace(connect(), name, () => assert.fail('it was used')),
    { code: 'CLUSTER_OWNED' },
  )
  assert.deepEqual(
    calls.filter((call) => !call.startsWith('GET')),
    [],
  )
})

test('after an abort the namespace goes as well', async (t) => {
  const { objects, connect } = await fakeKubernetes(t)
  const stop = new AbortController()
  const cluster = connect(stop.signal)
  const work = async () => {
    stop.abort(new Error('enough'))
    await probePull(cluster, pull)
  }
  await assert.rejects(inProbeNamespace(cluster, name, work), { message: 'enough' })
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
})

test('so it does where the abort comes while it is being made', async (t) => {
  const fake = await fakeKubernetes(t)
  const stop = new AbortController()
  const cluster = fake.connect(stop.signal)
  fake.before = (call) => {
    if (call === `PATCH ${at}`) stop.abort(new Error('enough'))
  }
  await assert.rejects(
    inProbeNamespace(cluster, name, () => probePull(cluster, pull)),
    { message: 'enough' },
  )
  assert.ok(fake.objects.get(at)?.metadata?.deletionTimestamp)
})

test("the platform's namespace is made once the old one has gone", async (t) => {
  const { put, connect } = await fakeKubernetes(t)
  put('/api/v1/namespaces/cde', going)
  assert.equal(await ensureNamespace(connect(), 'cde'), 'created')
})

test('a namespace that does not go is named, with what holds it', async (t) => {
  const { put, connect } = await fakeKubernetes(t, Number.POSITIVE_INFINITY)
  put('/api/v1/namespaces/stuck', {
    ...going,
    status: { phase: 'Terminating', conditions: [{ status: 'True', message: 'some resources are remaining: pods.' }] },
  })
  const waits: string[] = []
  const patience = { limit: 20, interval: 10, onWait: (what: string) => waits.push(what) }
  await assert.rejects(findNamespace(connect(), 'stuck', patience), (error: SealiftError) => {
    assert.equal(error.code, 'CLUSTER_DELETING')
    assert.match(error.why ?? '', /remaining: pods/)
    assert.match(error.fix ?? '', /kubectl .*describe namespace stuck/)
    return true
  })
  assert.deepEqual(waits, ['namespace stuck'])
})

test('whatever else is put into a namespace that is going is refused in those words, not for want of rights', async (t) => {
  const { put, connect } = await fakeKubernetes(t)
  put('/api/v1/namespaces/cde', going)
  await assert.rejects(applySecret(connect(), 'cde', 's', 'Opaque', {}), (error: SealiftError) => {
    assert.equal(error.code, 'CLUSTER_DELETING')
    assert.match(error.message, /apply Secret cde\/s: the namespace is being deleted/)
    return true
  })
})
