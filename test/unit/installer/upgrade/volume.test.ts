import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { V1StatefulSet } from '@kubernetes/client-node'
import { keptText } from '../../../../installer/src/cluster/database-volume.ts'
import { assertVolume } from '../../../../installer/src/upgrade/back/volume.ts'
import type { UpgradeRecord } from '../../../../installer/src/upgrade/record.ts'
import {
  applyVolume,
  assertFree,
  isFilled,
  readVolume,
  removeVolume,
} from '../../../../installer/src/upgrade/volume.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const path = '/api/v1/namespaces/cde/persistentvolumeclaims'
const name = 'data-cde-postgres-17-0'
const upgrade = '2026-11-30T02:00:00Z'

const labels = { 'app.kubernetes.io/part-of': 'cde', 'sealift.dev/postgres-major': '17' }
const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }
const set: V1StatefulSet = {
  metadata: { name: 'cde-postgres-17' },
  spec: {
    selector: {},
    serviceName: 'cde-postgres',
    template: {},
    volumeClaimTemplates: [{ metadata: { name: 'data', labels }, spec }],
  },
}

async function site(t: TestContext) {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/cde')
  const cluster = fake.connect()
  const read = () => readVolume(cluster, 'cde', name)
  return { fake, cluster, read }
}

test('the claim is the one that the StatefulSet would make, and counts as filled only when all of it is there', async (t) => {
  const { cluster, read, fake } = await site(t)
  await assertFree(cluster, 'cde', name, upgrade)
  await applyVolume(cluster, 'cde', set, { upgrade })
  const made = fake.objects.get(`${path}/${name}`)
  assert.deepEqual([made?.metadata?.labels, made?.spec], [labels, spec])
  assert.equal(isFilled(await read(), upgrade, 'sha256:1'), false)
  await applyVolume(cluster, 'cde', set, { upgrade, backup: 'sha256:1' })
  assert.equal(isFilled(await read(), upgrade, 'sha256:1'), true)
  assert.equal(isFilled(await read(), upgrade, 'sha256:2'), false)
  assert.equal(isFilled(await read(), 'another upgrade', 'sha256:1'), false)
  await assertFree(cluster, 'cde', name, upgrade)
})

test('what another upgrade or somebody has left is neither written over nor removed', async (t) => {
  const { cluster, fake, read } = await site(t)
  fake.put(`${path}/${name}`, { kind: 'PersistentVolumeClaim', spec, metadata: { labels } })
  await assert.rejects(assertFree(cluster, 'cde', name, upgrade), {
    code: 'UPGRADE_VOLUME',
    why: /10.7 GB.*this upgrade has not made it/,
    fix: /delete pvc data-cde-postgres-17-0/,
  })
  assert.equal(await removeVolume(cluster, 'cde', name, upgrade), false)
  assert.ok(await read())
})

test('the way back removes what the upgrade has made, once', async (t) => {
  const { cluster, read } = await site(t)
  await applyVolume(cluster, 'cde', set, { upgrade, backup: 'sha256:1' })
  assert.equal(await removeVolume(cluster, 'cde', name, upgrade), true)
  assert.equal(await read(), undefined)
  assert.equal(await removeVolume(cluster, 'cde', name, upgrade), false)
})

test('without the volume of before there is no way back; with it, people are told how to let go of it', async (t) => {
  const { cluster, fake } = await site(t)
  const record = { from: { version: '1.0.0', postgres: 15 } } as UpgradeRecord
  await assert.rejects(assertVolume(cluster, 'cde', record), {
    code: 'UPGRADE_NO_WAY_BACK',
    message: /no claim data-cde-postgres-15-0/,
  })
  const before = 'data-cde-postgres-15-0'
  fake.put(`${path}/${before}`, { kind: 'PersistentVolumeClaim', spec, status: { capacity: { storage: '20Gi' } } })
  await assertVolume(cluster, 'cde', record)
  const claim = await readVolume(cluster, 'cde', before)
  assert.ok(claim)
  assert.match(
    keptText(cluster, 'cde', claim),
    /data-cde-postgres-15-0 \(21.5 GB\).*delete pvc data-cde-postgres-15-0$/,
  )
})
