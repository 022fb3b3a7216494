import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readInstalled } from '../../../../installer/src/upgrade/installed.ts'
import { fakeKubernetes } from '../cluster/fake-kubernetes.ts'
import { helmRecord } from '../uninstall/installed.ts'

const core = '/api/v1/namespaces/cde'
const digest = (of: string) => `sha256:${of.repeat(64)}`
const receipt = {
  release: { name: 'cde', version: '1.0.0', digest: digest('a') },
  images: [{ name: 'manager', digest: digest('b') }],
  site: { helmRevision: 1 },
}

async function site(
  t: TestContext,
  { written = receipt as object | string, status = 'deployed', runs = digest('b') } = {},
) {
  const fake = await fakeKubernetes(t)
  fake.put(core)
  const config = { images: { manager: { digest: runs } } }
  fake.put(`${core}/secrets/sh.helm.release.v1.cde.v1`, helmRecord({ info: { status }, config, manifest: '' }, status))
  const text = typeof written === 'string' ? written : JSON.stringify(written)
  if (text !== '') fake.put(`${core}/configmaps/sealift-receipt`, { data: { 'receipt.json': text } })
  return fake
}

test('what is installed is what the receipt says and what Helm runs', async (t) => {
  const fake = await site(t)
  const { receipt: read, helm } = await readInstalled(fake.connect(), 'cde')
  assert.deepEqual([read.release.version, helm.revision], ['1.0.0', 1])
  assert.ok(fake.calls.every((call) => call.startsWith('GET ')))
})

for (const [what, options, why] of [
  ['missing', { written: '' }, /no ConfigMap sealift-receipt/],
  ['no JSON', { written: '{' }, /somebody has changed it/],
  ['without images', { written: { ...receipt, images: 'all' } }, /somebody has changed it/],
  [
    'of no version',
    { written: { ...receipt, release: { ...receipt.release, version: 'new' } } },
    /somebody has changed it/,
  ],
  ['of other images than those that run', { runs: digest('c') }, /image manager .* runs another one/],
] as const)
  test(`a receipt that is ${what} is refused, with what writes it anew`, async (t) => {
    const fake = await site(t, options)
    await assert.rejects(readInstalled(fake.connect(), 'cde'), {
      code: 'UPGRADE_RECEIPT',
      why,
      fix: /install --headless/,
    })
  })

test('nothing that is installed, and a Helm at work, are said', async (t) => {
  const busy = await site(t, { status: 'pending-upgrade' })
  await assert.rejects(readInstalled(busy.connect(), 'cde'), { code: 'CLUSTER_HELM_BUSY' })
  busy.objects.delete(`${core}/secrets/sh.helm.release.v1.cde.v1`)
  await assert.rejects(readInstalled(busy.connect(), 'cde'), { code: 'CLUSTER_NOT_INSTALLED' })
})
