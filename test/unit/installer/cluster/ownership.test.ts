import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { assertOwnership } from '../../../../installer/src/cluster/ownership.ts'
import { fakeKubernetes } from './fake-kubernetes.ts'

const release = { name: 'cde', namespace: 'second' }
const object = (apiVersion: string, kind: string, name: string, annotations?: Record<string, string>) => ({
  apiVersion,
  kind,
  metadata: { name, ...(annotations && { annotations }) },
})
const rendered = [
  object('networking.k8s.io/v1', 'IngressClass', 'cde'),
  object('v1', 'Service', 'cde-manager'),
  object('v1', 'Secret', 'cde-admin'),
  object('v1', 'Pod', 'cde-hook', { 'helm.sh/hook': 'pre-install' }),
  object('example.com/v1', 'Widget', 'unknown'),
]
const paths = {
  IngressClass: '/apis/networking.k8s.io/v1/ingressclasses/cde',
  Service: '/api/v1/namespaces/second/services/cde-manager',
  Secret: '/api/v1/namespaces/second/secrets/cde-admin',
  Pod: '/api/v1/namespaces/second/pods/cde-hook',
}
/** As Helm marks what it installs. */
const markedBy = (name: string, namespace: string) => ({
  metadata: {
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace },
  },
})

async function cluster(t: Parameters<typeof fakeKubernetes>[0], lingering?: number) {
  const fake = await fakeKubernetes(t, lingering)
  fake.put('/api/v1/namespaces/second')
  const refused = async (why: RegExp, fix: RegExp) =>
    await assert.rejects(assertOwnership(fake.connect(), release, rendered), (error: SealiftError) => {
      assert.equal(error.code, 'CLUSTER_OWNED')
      assert.match(error.why ?? '', why)
      assert.match(error.fix ?? '', fix)
      return true
    })
  return { ...fake, refused }
}

test('what is missing, what is its own and what hooks make anew is the release’s to install; nothing is changed', async (t) => {
  const { put, connect, calls } = await cluster(t)
  await assertOwnership(connect(), release, rendered)
  for (const path of Object.values(paths)) put(path, markedBy('cde', 'second'))
  put(paths.Pod)
  await assertOwnership(connect(), release, rendered)
  assert.ok(calls.length > 0 && calls.every((call) => call.startsWith('GET ')))
})

test('an object of another installation is named with it, whether cluster-wide or in the namespace', async (t) => {
  const { put, objects, refused } = await cluster(t)
  put(paths.IngressClass, markedBy('cde', 'first'))
  await refused(/^IngressClass cde is of release cde in namespace first$/, /helm status cde --namespace first/)
  objects.delete(paths.IngressClass)
  put(paths.Service, markedBy('other', 'second'))
  await refused(/^Service cde-manager is of release other in namespace second$/, /helm uninstall other/)
})

test('an object that nobody’s release owns is not taken over either', async (t) => {
  const { put, refused } = await cluster(t)
  put(paths.Secret, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'by-hand' } } })
  put(paths.Service)
  await refused(
    /Service cde-manager is of no Helm release; Secret cde-admin is of by-hand/,
    /kubectl .* get Service cde-manager --namespace second --output yaml/,
  )
})

test('many are counted, the first ones listed', async (t) => {
  const { put, connect } = await cluster(t)
  const many = Array.from({ length: 11 }, (_, i) => object('v1', 'Service', `s${i}`))
  for (const { metadata } of many) put(`/api/v1/namespaces/second/services/${metadata.name}`)
  await assert.rejects(assertOwnership(connect(), release, many), {
    message: 'release cde in namespace second would take over 11 objects of somebody else',
    why: /s0 .*; Service s7 .*; 3 more like it$/,
  })
})

test('an object of an earlier installation that is still being deleted is waited for', async (t) => {
  const { put, connect } = await cluster(t)
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  put(paths.IngressClass, { metadata: { deletionTimestamp } })
  const waits: string[] = []
  await assertOwnership(connect(), release, rendered, { interval: 10, onWait: (what) => waits.push(what) })
  assert.deepEqual(waits, ['IngressClass cde'])
  const stuck = await cluster(t, Number.POSITIVE_INFINITY)
  stuck.put(paths.IngressClass, { metadata: { deletionTimestamp, finalizers: ['example.com/hold'] } })
  await assert.rejects(assertOwnership(stuck.connect(), release, rendered, { interval: 10, limit: 20 }), {
    code: 'CLUSTER_DELETING',
    why: /finalizer example.com\/hold/,
  })
})
