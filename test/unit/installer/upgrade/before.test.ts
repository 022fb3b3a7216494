import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSecret } from '../../../../installer/src/cluster/apply.ts'
import { beforeName, changedSecrets, keepSecrets, putSecretsBack } from '../../../../installer/src/upgrade/before.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'

const core = '/api/v1/namespaces/site'
const labels = { 'app.kubernetes.io/managed-by': 'sealift', 'app.kubernetes.io/part-of': 'cde' }
const secret = (value: string, of = labels) => ({
  type: 'Opaque',
  metadata: { labels: of },
  data: { key: btoa(value) },
})

test('secrets of the installer go back to what they were, and no others', async (t) => {
  const fake = await fakeKubernetes(t)
  const cluster = fake.connect()
  fake.put(core)
  fake.put(`${core}/secrets/cde-license`, secret('old'))
  fake.put(`${core}/secrets/cde-tls`, secret('same'))
  fake.put(`${core}/secrets/cde-ticket`, secret('old', { ...labels, 'app.kubernetes.io/managed-by': 'Helm' }))
  await keepSecrets(cluster, 'site')
  assert.deepEqual(await changedSecrets(cluster, 'site'), [])
  fake.put(`${core}/secrets/cde-license`, secret('new'))
  fake.put(`${core}/secrets/cde-ticket`, secret('new', { ...labels, 'app.kubernetes.io/managed-by': 'Helm' }))
  assert.deepEqual(await changedSecrets(cluster, 'site'), ['cde-license'])
  assert.deepEqual(await putSecretsBack(cluster, 'site'), ['cde-license'])
  assert.equal((await readSecret(cluster, 'site', 'cde-license'))?.key, 'old')
  assert.equal((await readSecret(cluster, 'site', 'cde-ticket'))?.key, 'new', 'that of the chart comes back with it')
  fake.objects.delete(`${core}/secrets/cde-license`)
  assert.deepEqual(await putSecretsBack(cluster, 'site'), ['cde-license'], 'one that was deleted too')
})

test('where nobody knows what they were, that is said', async (t) => {
  const fake = await fakeKubernetes(t)
  fake.put(core)
  await assert.rejects(changedSecrets(fake.connect(), 'site'), {
    code: 'UPGRADE_SECRETS',
    message: new RegExp(beforeName),
  })
})
