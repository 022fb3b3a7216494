import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAnew } from '../../../../../installer/src/upgrade/plan/objects/make-anew.ts'
import { kept, release, site } from './site.ts'

const pods = { metadata: { labels: { app: 'a', tier: 'x' } }, spec: { containers: [{ name: 'a', image: 'old' }] } }
const workload = (kind: string, spec: object) => ({ apiVersion: 'apps/v1', kind, metadata: { name: 'a' }, spec })
const live = workload('StatefulSet', {
  replicas: 3,
  serviceName: 'old',
  selector: { matchLabels: { app: 'a' } },
  template: pods,
})
const wanted = (spec: object = {}) =>
  workload('StatefulSet', {
    serviceName: 'new',
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'new' }] } },
    ...spec,
  })
const path = '/apis/apps/v1/namespaces/cde/statefulsets/a'

/** A site that writes down what it is told to change, trials by themselves. */
async function watched(t: Parameters<typeof site>[0]) {
  const fake = await site(t)
  const told: string[] = []
  const tried: string[] = []
  const answer = fake.intercept
  const { cluster } = fake
  const { ask, raw } = cluster
  Object.assign(cluster, {
    ask: (method: string, at: string, options: { query?: { dryRun?: string } }) => {
      if (options?.query?.dryRun) tried.push(`${method} ${at}`)
      return ask(method as 'GET', at, options)
    },
    raw: (method: string, at: string, options: { body?: { propagationPolicy?: string } }) => {
      if (method !== 'GET')
        told.push(`${method} ${at.split('/').at(-1)} ${options?.body?.propagationPolicy ?? ''}`.trim())
      return raw(method as 'GET', at, options)
    },
  })
  return { ...fake, answer, told, tried }
}

test('a workload is made anew around its pods: their template and number stay for Helm to change', async (t) => {
  const { cluster, put, objects, told, tried } = await watched(t)
  put(path, kept(live))
  await makeAnew(cluster, release, [wanted()])
  assert.deepEqual(told, ['DELETE a Orphan', 'PATCH a'])
  assert.match(tried.join(), /^POST .*\/statefulsets$/)
  const made = objects.get(path) as {
    spec: { replicas: number; serviceName?: string; template?: unknown }
    metadata: { labels: object }
  }
  // the last write is the claim to the replicas that the chart leaves open
  assert.deepEqual(made.spec, { replicas: 3 })
})

test('with replicas in the chart one write is enough, and has the template of the pods that run', async (t) => {
  const { cluster, put, objects } = await watched(t)
  put(path, kept(live))
  await makeAnew(cluster, release, [wanted({ replicas: 2 })])
  const { spec, metadata } = objects.get(path) as { spec: object; metadata: { labels?: object } }
  assert.deepEqual(spec, { serviceName: 'new', selector: { matchLabels: { app: 'a' } }, template: pods, replicas: 2 })
  assert.deepEqual(metadata.labels, { 'app.kubernetes.io/managed-by': 'Helm' })
})

test('where the new selector does not find the pods, or it is a Job, they go with it, and Helm makes it', async (t) => {
  const { cluster, put, objects, told } = await watched(t)
  put(path, kept(live))
  await makeAnew(cluster, release, [wanted({ selector: { matchLabels: { app: 'other' } } })])
  assert.deepEqual([told, objects.has(path)], [['DELETE a Background'], false])
  // an earlier run was killed right here
  await makeAnew(cluster, release, [wanted()])
  assert.deepEqual(told, ['DELETE a Background'])
})

test('what would be refused, and what holds data, is not deleted', async (t) => {
  const fake = await watched(t)
  const { cluster, put, told } = fake
  put(path, kept(live))
  put('/api/v1/namespaces/cde/persistentvolumeclaims/c', kept({ metadata: { name: 'c' } }))
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' } }
  await assert.rejects(makeAnew(cluster, release, [claim]), { code: 'CLUSTER_ANEW', why: /what it holds/ })
  const refusing = await site(t, { statefulsets: () => [403, { message: 'quota exceeded' }] })
  refusing.put(path, kept(live))
  await assert.rejects(makeAnew(refusing.cluster, release, [wanted()]), {
    code: 'CLUSTER_ANEW',
    why: /quota exceeded/,
    fix: /kubectl .* get statefulsets a --namespace cde/,
  })
  assert.ok(refusing.objects.has(path))
  assert.deepEqual(told, [])
})

test('a service is tried without the addresses that it cannot have twice', async (t) => {
  const bodies: string[] = []
  const { cluster, put, objects } = await site(t, {
    services: (_, body) => {
      bodies.push(body)
      return undefined
    },
  })
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { clusterIP: '10.0.0.9', ports: [{ port: 1, nodePort: 30000 }] },
  }
  put('/api/v1/namespaces/cde/services/s', kept(service))
  await makeAnew(cluster, release, [service])
  const tried = JSON.parse(bodies[0] ?? '')
  assert.match(tried.metadata.name, /^s-[0-9a-f]{8}$/)
  assert.deepEqual(tried.spec, { ports: [{ port: 1 }] })
  assert.deepEqual((objects.get('/api/v1/namespaces/cde/services/s') as { spec?: unknown }).spec, service.spec)
})
