import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { giveUp } from '../../../../installer/src/upgrade/forget.ts'
import { readRecord, writeRecord } from '../../../../installer/src/upgrade/record.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'
import { record } from './an-upgrade.ts'

const failure = new SealiftError('STORAGE_FULL', 'no room for a backup', { why: '1 MB is free', fix: 'free some' })

test('an upgrade that has begun nothing leaves no record, and says why it was given up', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/site')
  const cluster = fake.connect()
  await writeRecord(cluster, 'site', record)
  await assert.rejects(giveUp(cluster, 'site', record, failure), failure)
  assert.equal(await readRecord(cluster, 'site'), undefined)
})

test('where people wait and cannot be helped, that is said behind the reason, and the record stays', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put('/api/v1/namespaces/site')
  const cluster = fake.connect()
  for (const [begun, waits] of [
    [{ writesStopped: true }, /^1 MB is free; what it began could not be ended, and nobody can write until then: ./],
    [{ told: true }, /people are still told of it: ./],
  ] as const) {
    const one = { ...record, ...begun }
    await writeRecord(cluster, 'site', one)
    const said = { code: 'STORAGE_FULL', message: failure.message, why: waits, fix: /^free some; the same command/ }
    await assert.rejects(giveUp(cluster, 'site', one, failure), said)
    assert.deepEqual(await readRecord(cluster, 'site'), one)
  }
})
