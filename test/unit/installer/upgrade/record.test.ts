import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRecord, removeRecord, writeRecord } from '../../../../installer/src/upgrade/record.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'
import { path, record } from './an-upgrade.ts'

test('what is under way is read as it was written, and forgotten', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/site')
  const cluster = fake.connect()
  assert.equal(await readRecord(cluster, 'site'), undefined)
  await writeRecord(cluster, 'site', record)
  assert.deepEqual(await readRecord(cluster, 'site'), record)
  await removeRecord(cluster, 'site')
  await removeRecord(cluster, 'site')
  assert.equal(await readRecord(cluster, 'site'), undefined)
})

test('a record that somebody has changed is refused with the field at fault, whatever it is', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/site')
  const refused = async (written: string, why: RegExp) => {
    fake.put(path, { data: { 'upgrade.json': written } })
    await assert.rejects(readRecord(fake.connect(), 'site'), { code: 'UPGRADE_RECORD', why })
  }
  await refused('{', /JSON/)
  await refused('null', /^it: /)
  await refused(JSON.stringify({ ...record, direction: 'up' }), /^\/direction/)
  await refused(JSON.stringify({ ...record, from: { ...record.from, revision: '3' } }), /^\/from\/revision/)
  await refused(JSON.stringify({ ...record, from: { ...record.from, migrations: 'all' } }), /^\/from\/migrations/)
})
