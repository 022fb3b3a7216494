import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  readRecord,
  recordName,
  removeRecord,
  type UpgradeRecord,
  writeRecord,
} from '../../../../installer/src/upgrade/record.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const path = `/api/v1/namespaces/site/configmaps/${recordName}`
const release = (version: string) => ({ name: 'cde', version, digest: `sha256:${version}` })
const record: UpgradeRecord = {
  ...{ apiVersion: 'sealift.dev/v1', kind: 'Upgrade', started: '2026-11-30T01:00:00Z', host: 'pier' },
  from: {
    ...release('1.0.0'),
    revision: 3,
    migrations: ['001_a.sql'],
    postgres: 17,
    answers: 'kind: Answers\n',
    receipt: '{}',
  },
  ...{ to: release('1.1.0'), direction: 'forward', changes: true, writesStopped: false, passed: false },
}

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
