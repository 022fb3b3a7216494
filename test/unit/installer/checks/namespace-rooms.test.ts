import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leftovers } from '../../../../installer/src/checks/leftovers.ts'
import { quotas } from '../../../../installer/src/checks/quotas.ts'
import { assertFound, site } from './site.ts'

const resources = { requests: { cpu: '500m', memory: '1Gi' }, limits: { memory: '2Gi' } }
const template = { spec: { containers: [{ name: 'main', resources }] } }
const chart = async () => [
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'm' }, spec: { replicas: 2, template } },
  {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' } },
    spec: { template, volumeClaimTemplates: [{ spec: { resources: { requests: { storage: '10Gi' } } } }] },
  },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'LoadBalancer' } },
]

test('a quota that does not take what the chart asks for is refused, in its own words', async (t) => {
  const { look, put, answers, fake } = await site(t, {}, { objects: chart })
  const path = '/api/v1/namespaces/cde/resourcequotas'
  const quota = (hard: object, used: object = {}) =>
    answers.set(path, { items: [{ metadata: { name: 'q' }, status: { hard, used } }] })
  put('/api/v1/namespaces/cde')
  answers.set(path, { items: [] })
  assertFound(await look(quotas), 'passed', /has none/)
  quota({
    'requests.cpu': '1500m',
    'limits.memory': '6Gi',
    pods: '3',
    'requests.storage': '10Gi',
    'services.loadbalancers': '1',
    'count/deployments.apps': '1',
  })
  assertFound(await look(quotas), 'passed', /1 quota,/)
  for (const [name, hard, wanted] of [
    ['cpu', '1', '1.5'],
    ['requests.memory', '2Gi', String(3 * 2 ** 30)],
    ['limits.memory', '5Gi', String(6 * 2 ** 30)],
    ['pods', '2', '3'],
    ['persistentvolumeclaims', '0', '1'],
    ['requests.storage', '9Gi', String(10 * 2 ** 30)],
    ['services.loadbalancers', '0', '1'],
    ['count/statefulsets.apps', '0', '1'],
  ] as const) {
    quota({ [name]: hard })
    assertFound(await look(quotas), 'error', new RegExp(`of ${name}, ${wanted} are needed`), 'CLUSTER_QUOTA')
  }
  quota({ pods: '5' }, { pods: '4' })
  assertFound(await look(quotas), 'error', /leaves 1 of pods/)
  put('/api/v1/namespaces/cde/pods/m-1', { metadata: { labels: { 'app.kubernetes.io/part-of': 'cde' } } })
  assertFound(await look(quotas), 'passed', /1 quota,/)
  fake.forbids = (call) => call.includes('resourcequotas')
  assertFound(await look(quotas), 'skipped', /may not look/)
})

test('what an earlier try left is told, and its trials are taken away', async (t) => {
  const { look, put, objects } = await site(t)
  assertFound(await look(leftovers), 'passed', /^nothing$/)
  const ours = { labels: { 'app.kubernetes.io/managed-by': 'sealift' } }
  put('/api/v1/namespaces/cde-pull-probe', { metadata: ours })
  put('/api/v1/namespaces/cde-policy-probe')
  assertFound(await look(leftovers), 'passed', /^nothing; removed: namespace cde-pull-probe$/)
  assert.ok(objects.get('/api/v1/namespaces/cde-pull-probe')?.metadata?.deletionTimestamp)
  assert.equal(objects.get('/api/v1/namespaces/cde-policy-probe')?.metadata?.deletionTimestamp, undefined)

  put('/api/v1/namespaces/cde')
  const claim = { labels: { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/instance': 'cde' } }
  put('/api/v1/namespaces/cde/persistentvolumeclaims/data-cde-postgres-17-0', { metadata: claim })
  const what = /1 objects without a release, 1 of them with data .*: PersistentVolumeClaim data-cde-postgres-17-0/
  assertFound(await look(leftovers), 'warning', what, 'CLUSTER_LEFTOVERS')

  const record = (status: string, version: string) =>
    put(`/api/v1/namespaces/cde/secrets/sh.helm.release.v1.cde.v${version}`, {
      metadata: { labels: { owner: 'helm', name: 'cde', status, version } },
    })
  record('failed', '1')
  assertFound(await look(leftovers), 'warning', /release cde is failed, revision 1/, 'CLUSTER_LEFTOVERS')
  record('deployed', '10')
  assertFound(await look(leftovers), 'passed', /installed, revision 10/)
})
