import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { admission } from '../../../../installer/src/checks/admission.ts'
import { webhooks } from '../../../../installer/src/checks/webhooks.ts'
import { assertFound, site } from './site.ts'

const chart = async () => [
  { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'cde.cde' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'cde-ingress' } },
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cde-manager' } },
    spec: {
      template: { spec: { serviceAccountName: 'cde-manager', containers: [{ name: 'main', image: 'r/m@sha256:a' }] } },
    },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'cde-postgres-17' } },
    spec: {
      template: { spec: { containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    },
  },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a-test', annotations: { 'helm.sh/hook': 'test' } } },
]

const at = '/api/v1/namespaces/cde-dry-run-probe'
const status = (code: number, message: string): [number, object] => [code, { kind: 'Status', code, message }]

async function cluster(t: TestContext, there = false) {
  const made = await site(t, {}, { objects: chart })
  if (there) made.put('/api/v1/namespaces/cde')
  return made
}

test('every object and pod goes through a dry run, in a namespace that stands in for the one that is not there yet', async (t) => {
  const { look, fake, objects, calls } = await cluster(t)
  const bodies: { path: string; body: Record<string, Record<string, unknown>> }[] = []
  fake.intercept = (call, text) => {
    if (call.includes('dryRun=All')) bodies.push({ path: call, body: JSON.parse(text) })
    return undefined
  }
  assertFound(await look(admission), 'passed', /^6 objects and pods/)
  assert.deepEqual(bodies.map(({ path }) => path.split('?')[0]).sort(), [
    'PATCH /api/v1/namespaces/cde-dry-run-probe/services/cde-ingress',
    'PATCH /apis/apps/v1/namespaces/cde-dry-run-probe/deployments/cde-manager',
    'PATCH /apis/apps/v1/namespaces/cde-dry-run-probe/statefulsets/cde-postgres-17',
    'PATCH /apis/networking.k8s.io/v1/ingressclasses/cde.cde',
    'POST /api/v1/namespaces/cde-dry-run-probe/pods',
    'POST /api/v1/namespaces/cde-dry-run-probe/pods',
  ])
  const pod = bodies.find(({ path }) => path.startsWith('POST'))?.body
  assert.equal(pod?.spec?.serviceAccountName, undefined)
  // a StatefulSet gives its pods a volume for each of its claims: without it no API server takes them
  const volumes = bodies.map(({ body }) => body.spec?.volumes as { name: string }[] | undefined)
  assert.ok(volumes.some((some) => some?.[0]?.name === 'data'))
  // the namespace is held to what the real one is, and goes
  assert.equal(objects.get(at)?.metadata?.labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
  assert.ok(objects.get(at)?.metadata?.deletionTimestamp)
  assert.deepEqual(
    [...objects.keys()].filter((key) => key.startsWith(`${at}/`) || key.includes('ingressclasses')),
    [],
  )
  assert.ok(!calls.includes('POST /api/v1/namespaces/cde/pods'))
})

test('in a namespace that is there its own rules have their say, and nothing is made', async (t) => {
  const { look, fake, objects, calls } = await cluster(t, true)
  const before = [...objects.keys()]
  fake.intercept = (call) =>
    call.startsWith('POST /api/v1/namespaces/cde/pods')
      ? status(403, 'pods is forbidden: maximum memory usage per Container is 64Mi, but limit is 1Gi')
      : undefined
  assertFound(
    await look(admission),
    'error',
    /of 6, 2 would be refused: a pod of Deployment cde-manager: pods is forbidden: maximum memory/,
    'CLUSTER_ADMISSION',
  )
  assert.deepEqual([...objects.keys()], before)
  assert.ok(!calls.some((call) => call.includes('probe')))
})

test('a webhook that refuses or is down, a port beyond the range: the words of the cluster are told', async (t) => {
  const { look, fake } = await cluster(t, true)
  for (const message of [
    'admission webhook "policy.example" denied the request: no IngressClass here',
    'Internal error occurred: failed calling webhook "x.example": no endpoints available for service "x"',
    'Service "cde-ingress" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range',
  ]) {
    fake.intercept = (call) =>
      call.startsWith('PATCH ') && call.includes('dryRun=All') ? status(500, message) : undefined
    const found = await look(admission)
    assertFound(found, 'error', /of 6, 4 would be refused/, 'CLUSTER_ADMISSION')
    assert.ok(found.found?.includes(message))
  }
})

test('what is rewritten, can not be told, or is warned of, is a warning', async (t) => {
  const { look, fake } = await cluster(t, true)
  const spec = {
    containers: [
      { name: 'main', image: 'mirror/m:1' },
      { name: 'istio-proxy', image: 'i' },
    ],
  }
  fake.intercept = (call) => (call.startsWith('POST ') && call.includes('/pods?') ? [201, { spec }] : undefined)
  assertFound(await look(admission), 'warning', /gets the image mirror\/m:1 for main, gets a container istio-proxy/)
  fake.intercept = (call) =>
    call.includes('/services/') ? status(400, 'admission webhook "w" does not support dry run') : undefined
  assertFound(await look(admission), 'warning', /Service cde-ingress: admission webhook "w" does not support dry run/)
  const warning = '299 - "policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, \\"gone\\" in v1.25+"'
  fake.intercept = (call) => (call.includes('/services/') ? [200, {}, { warning }] : undefined)
  assertFound(await look(admission), 'warning', /is deprecated in v1\.21\+, "gone" in v1\.25\+/, 'CLUSTER_ADMISSION')
})

test('pods of a new namespace wait for its account', async (t) => {
  const { look, fake } = await cluster(t)
  let early = 2
  fake.intercept = (call) =>
    call.startsWith('POST ') && call.includes('/pods?') && early-- > 0
      ? status(403, 'error looking up service account cde-dry-run-probe/default: serviceaccount "default" not found')
      : undefined
  assertFound(await look(admission), 'passed', /6 objects/)
  assert.ok(early < 0)
})

test('a webhook that refuses what nobody answers for is warned of', async (t) => {
  const { look, answers } = await site(t)
  const base = '/apis/admissionregistration.k8s.io/v1'
  const webhook = (failurePolicy: string) => ({
    metadata: { name: 'policies' },
    webhooks: [{ name: 'w.example', failurePolicy, clientConfig: { service: { namespace: 'x', name: 'w' } } }],
  })
  const slices = '/apis/discovery.k8s.io/v1/namespaces/x/endpointslices'
  answers.set(`${base}/mutatingwebhookconfigurations`, {
    items: [{ metadata: { name: 'url' }, webhooks: [{ name: 'u', clientConfig: {} }] }],
  })
  answers.set(`${base}/validatingwebhookconfigurations`, { items: [webhook('Fail')] })
  answers.set(slices, { items: [{ endpoints: [{ conditions: { ready: true } }] }] })
  assertFound(await look(webhooks), 'passed', /^1 that may refuse/)
  answers.set(slices, { items: [{ endpoints: [{ conditions: { ready: false } }] }] })
  assertFound(await look(webhooks), 'warning', /w\.example: nothing behind service x\/w/, 'CLUSTER_WEBHOOK')
  answers.set(`${base}/validatingwebhookconfigurations`, { items: [webhook('Ignore')] })
  assertFound(await look(webhooks), 'passed', /^0 that may refuse/)
})
