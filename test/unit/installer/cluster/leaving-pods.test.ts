import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilLeft } from '../../../../installer/src/cluster/leaving-pods.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const core = '/api/v1/namespaces/cde'
const pod = (component: string, leaves: boolean) => ({
  metadata: {
    uid: component,
    labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/component': component },
    ...(leaves ? { deletionTimestamp: '2026-11-30T05:00:00Z' } : {}),
  },
})

test('pods that were replaced are waited for while they serve, those of workspaces and those that stay are not', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put(core)
  fake.put(`${core}/pods/new`, pod('manager', false))
  fake.put(`${core}/pods/box`, pod('workspace', true))
  const times = { serves: 10_000, look: 5 }
  await untilLeft(fake.connect(), 'cde', times)
  fake.put(`${core}/pods/old`, pod('dashboard', true))
  let looks = 0
  fake.before = () => {
    if (++looks === 4) fake.objects.delete(`${core}/pods/old`)
  }
  await untilLeft(fake.connect(), 'cde', times)
  assert.equal(looks, 4)
})

test('one that keeps sessions open serves nobody else after a while', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put(core)
  fake.put(`${core}/pods/old`, pod('envproxy', true))
  const begun = Date.now()
  await untilLeft(fake.connect(), 'cde', { serves: 100, look: 5 })
  assert.ok(Date.now() - begun >= 100)
})
