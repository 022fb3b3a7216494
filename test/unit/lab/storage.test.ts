import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CoreV1Api, V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { reconcileVolumes } from '../../lab/storage.ts'

const claim = {
  metadata: { name: 'data', namespace: 'cde', uid: 'u1' },
  spec: { storageClassName: 'lab', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
} as V1PersistentVolumeClaim

function cluster() {
  const volumes = new Map<string, V1PersistentVolume>()
  const api = {
    createPersistentVolume: async ({ body }: { body: V1PersistentVolume }) => {
      volumes.set(body.metadata?.name ?? '', body)
      return body
    },
    deletePersistentVolume: async ({ name }: { name: string }) => volumes.delete(name),
  } as unknown as CoreV1Api
  return { api, volumes }
}

test('a claim gets a directory that every user can write to, and a deleted claim takes it along', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lab-storage-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const { api, volumes } = cluster()
  await reconcileVolumes(api, [claim], [], root)
  const volume = volumes.get('pvc-u1') as V1PersistentVolume
  assert.equal(volume.spec?.capacity?.storage, '5Gi')
  assert.equal(volume.spec?.claimRef?.uid, 'u1')
  assert.equal(statSync(join(root, 'pvc-u1')).mode & 0o777, 0o777)

  await reconcileVolumes(api, [], [{ ...volume, status: { phase: 'Released' } }], root)
  assert.equal(volumes.size, 0)
  assert.throws(() => statSync(join(root, 'pvc-u1')), { code: 'ENOENT' })
})

test('claims of other classes and volumes of other provisioners are left alone', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lab-storage-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const { api, volumes } = cluster()
  const foreign = {
    metadata: { name: 'foreign' },
    spec: { persistentVolumeReclaimPolicy: 'Delete' },
    status: { phase: 'Released' },
  } as V1PersistentVolume
  volumes.set('foreign', foreign)
  await reconcileVolumes(api, [{ ...claim, spec: { ...claim.spec, storageClassName: 'fast' } }], [foreign], root)
  assert.deepEqual([...volumes.keys()], ['foreign'])
})
