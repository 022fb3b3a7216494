import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformRelease } from '../../../../installer/src/cluster/helm.ts'
import { readHelmHistory } from '../../../../installer/src/cluster/helm-history.ts'
import { settleRevisions } from '../../../../installer/src/cluster/helm-record.ts'
import { helmRecord } from '../uninstall/installed.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const secrets = '/api/v1/namespaces/cde/secrets'

test('before a way back the newest revision is what an upgrade has begun, and no try to take it back', async (t) => {
  const fake = await fakeKubernetes(t)
  const { put } = fake
  put('/api/v1/namespaces/cde')
  const revision = (version: number, status: string, description: string, manifest: string) =>
    put(`${secrets}/sh.helm.release.v1.cde.v${version}`, {
      ...helmRecord({ info: { status, description }, manifest }, status, String(version)),
    })
  revision(1, 'deployed', 'Install complete', 'old')
  revision(2, 'pending-upgrade', 'Preparing upgrade', 'next')
  revision(3, 'failed', 'Rollback "cde" failed: timed out', 'old')
  revision(4, 'pending-rollback', 'Rollback to 1', 'old')
  const cluster = fake.connect()
  const ended = await settleRevisions(cluster, platformRelease('cde'))
  assert.deepEqual(
    ended.map((name) => name.slice(-2)),
    ['v2', 'v4', 'v3'],
  )
  const newest = await readHelmHistory(cluster, platformRelease('cde'))
  assert.deepEqual([newest?.revision, newest?.status, newest?.manifest], [2, 'failed', 'next'])
  assert.equal(fake.objects.get(`${secrets}/sh.helm.release.v1.cde.v2`)?.metadata?.labels?.status, 'failed')
  assert.deepEqual(await settleRevisions(cluster, platformRelease('cde')), [])
})
