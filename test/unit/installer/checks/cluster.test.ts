import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namespace } from '../../../../installer/src/checks/namespace.ts'
import { olderRelease } from '../../../../installer/src/checks/older-release.ts'
import { ownership } from '../../../../installer/src/checks/ownership.ts'
import { permissions } from '../../../../installer/src/checks/permissions.ts'
import { assertFound, site } from './site.ts'

const ingressClass = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'cde' } }
const objects = async () => [ingressClass]

test('what another installation owns is told, and nothing is changed', async (t) => {
  const { put, calls, look } = await site(t, {}, { objects })
  assertFound(await look(ownership), 'passed', /1 objects/)
  const annotations = { 'meta.helm.sh/release-name': 'cde', 'meta.helm.sh/release-namespace': 'other' }
  const labels = { 'app.kubernetes.io/managed-by': 'Helm' }
  put('/apis/networking.k8s.io/v1/ingressclasses/cde', { metadata: { labels, annotations } })
  const what = /take over an object of somebody else: IngressClass cde is of release cde in namespace other/
  assertFound(await look(ownership), 'error', what, 'CLUSTER_OWNED')
  assert.deepEqual(
    calls.filter((call) => !call.startsWith('GET ')),
    [],
  )
})

test('a right that is missing is named, and a kind that the cluster does not know', async (t) => {
  const { look, fake } = await site(t, {}, { objects })
  assertFound(await look(permissions), 'passed', /^all \d+ permissions/)
  fake.allows = ({ verb, resource }) => !(verb === 'patch' && resource === 'ingressclasses')
  const what = /may not patch ingressclasses\.networking\.k8s\.io in the whole cluster/
  assertFound(await look(permissions), 'error', what, 'CLUSTER_FORBIDDEN')
  const odd = { apiVersion: 'example.com/v1', kind: 'Widget' }
  const unknown = await site(t, {}, { objects: async () => [odd] })
  assertFound(await unknown.look(permissions), 'error', /kind Widget of example\.com\/v1/, 'CLUSTER_KIND')
})

test('a namespace of others that lets in privileges is refused', async (t) => {
  const { look, put } = await site(t)
  assertFound(await look(namespace), 'passed', /not there yet/)
  put('/api/v1/namespaces/cde')
  assertFound(await look(namespace), 'error', /lets in pods with privileges/, 'CLUSTER_POD_SECURITY')
})

test('an older release does not go over a newer one', async (t) => {
  const { look, put } = await site(t)
  assertFound(await look(olderRelease), 'passed', /nothing is installed/)
  put('/api/v1/namespaces/cde')
  put('/api/v1/namespaces/cde/configmaps/sealift-receipt', {
    data: { 'receipt.json': '{"release":{"version":"0.2.0"}}' },
  })
  assertFound(await look(olderRelease), 'error', /cde 0\.2\.0 is installed/, 'BUNDLE_OLDER')
})
