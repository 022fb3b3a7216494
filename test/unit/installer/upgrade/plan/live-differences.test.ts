import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '@kubernetes/client-node'
import { leftoversIn, removal } from '../../../../../installer/src/upgrade/plan/objects/leftovers.ts'
import { liveDifferences, repair } from '../../../../../installer/src/upgrade/plan/objects/live-differences.ts'
import { changedByHand, refusals } from './recorded.ts'
import { kept, release, rendered, site } from './site.ts'

const map = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const path = (name: string) => `/api/v1/namespaces/cde/configmaps/${name}`

test('what is missing or other than its manifest is found, and brought back; nothing else is touched', async (t) => {
  const { cluster, put, calls, objects } = await site(t)
  put(path('same'), kept(map('same', { a: '1' })))
  put(path('other'), kept(map('other', { a: '2' })))
  const manifest = rendered(map('same', { a: '1' }), map('other', { a: '1' }), map('missing', { a: '1' }))
  const state = { cluster, release, manifest }
  const found = await liveDifferences(state)
  assert.deepEqual(
    found.map(({ name, missing, fields }) => [name, missing, fields]),
    [
      ['other', undefined, [{ path: 'data.a', was: '1', is: '2' }]],
      ['missing', true, []],
    ],
  )
  calls.length = 0
  const repaired = await repair(state, found)
  assert.deepEqual(
    repaired.map(({ name, failed }) => [name, failed]),
    [
      ['other', undefined],
      ['missing', undefined],
    ],
  )
  assert.ok(calls.every((call) => !call.endsWith('/same')))
  assert.deepEqual(objects.get(path('missing'))?.data, { a: '1' })
  assert.deepEqual(await liveDifferences(state), [])
})

test('what cannot be changed back is made anew, and a headless service that was none too', async (t) => {
  const job = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: { selector: { matchLabels: {} }, template: {} },
  }
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 1 }] } }
  let isOld = true
  const isHeadless = (): boolean =>
    JSON.stringify(objects.get('/api/v1/namespaces/cde/services/s') ?? '').includes('None')
  const { cluster, put, calls, objects } = await site(t, {
    db: (_, body) =>
      isOld && body !== '' && !body.includes('propagationPolicy') ? [422, refusals['sts claims by force']] : undefined,
    // as API servers do: what has no address goes on without
    s: (_, body) => {
      const object = body === '' ? {} : JSON.parse(body)
      return isHeadless() && object.spec ? [200, { ...object, spec: { ...object.spec, clusterIP: 'None' } }] : undefined
    },
    statefulsets: () => {
      isOld = false
      return undefined
    },
  })
  put('/apis/apps/v1/namespaces/cde/statefulsets/db', kept(job))
  put(
    '/api/v1/namespaces/cde/services/s',
    kept(Object.assign({}, service, { spec: { ...service.spec, clusterIP: 'None' } })),
  )
  const state = { cluster, release, manifest: rendered(job, service) }
  const found = await liveDifferences(state)
  assert.deepEqual(
    found.map(({ name }) => name),
    ['db', 's'],
  )
  assert.match(found[0]?.refused ?? '', /^spec: updates to statefulset spec/)
  assert.deepEqual(
    (await repair(state, found)).map(({ failed }) => failed),
    [undefined, undefined],
  )
  assert.deepEqual(
    calls.filter((call) => call.startsWith('DELETE')).map((call) => call.split('/').at(-1)),
    ['db', 's'],
  )
  assert.deepEqual(await liveDifferences(state), [])
})

test('one object that fails is told, and the others are brought back', async (t) => {
  const { cluster, objects } = await site(t, {
    bad: () => [422, { message: 'no', details: { causes: [{ field: 'x', message: 'must be y' }] } }],
  })
  const state = { cluster, release, manifest: rendered(map('bad', {}), map('good', { a: '1' })) }
  const repaired = await repair(state, await liveDifferences(state))
  assert.match(repaired[0]?.failed ?? '', /could not apply ConfigMap bad: .*422/)
  assert.ok(objects.has(path('good')))
})

const manifest = (containers: object[], volumes: object[] = []) =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { template: { metadata: { labels: { app: 'web' } }, spec: { containers, volumes } } },
  }) as KubernetesObject

test('containers, volumes, variables and labels that nobody owns are left over; what others own, and what servers fill in, is not', () => {
  const wanted = manifest([{ name: 'web', env: [{ name: 'A', value: '1' }] }])
  const live = manifest(
    [
      {
        name: 'web',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        terminationMessagePath: '/x',
        ports: [{ containerPort: 1 }],
      },
      { name: 'side', image: 'x' },
    ],
    [{ name: 'more', emptyDir: {} }],
  )
  Object.assign(live.metadata as object, { labels: { app: 'web', left: 'x', 'node.kubernetes.io/x': '1' } })
  const found = leftoversIn(live, wanted)
  const at = 'spec.template.spec'
  assert.deepEqual(
    found.map((one) => one.path),
    [
      'metadata.labels.left',
      `${at}.containers[web].env[B]`,
      `${at}.containers[web].ports[1]`,
      `${at}.containers[side]`,
      `${at}.volumes[more]`,
    ],
  )
  assert.deepEqual(removal(found.slice(0, 2)), [
    { op: 'test', path: '/spec/template/spec/containers/0/env/1', value: { name: 'B', value: '2' } },
    { op: 'remove', path: '/spec/template/spec/containers/0/env/1' },
    { op: 'test', path: '/metadata/labels/left', value: 'x' },
    { op: 'remove', path: '/metadata/labels/left' },
  ])
  const fields = {
    'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"side"}': { '.': {}, 'f:name': {} } } } } },
  }
  const owned = (manager: string) => {
    Object.assign(live.metadata as object, { managedFields: [{ manager, fieldsV1: fields }] })
    return leftoversIn(live, wanted).map((one) => one.path)
  }
  assert.ok(!owned('kubectl-edit').includes(`${at}.containers[side]`))
  assert.ok(owned('helm').includes(`${at}.containers[side]`))
  assert.ok(owned('before-first-apply').includes(`${at}.containers[side]`))
})

test('what somebody else added by hand is not left over by a rollback', () => {
  const { restored } = changedByHand()
  const wanted = structuredClone(restored) as KubernetesObject & {
    spec: { template: { spec: { containers: { env: { name: string }[] }[] } } }
  }
  const [container] = wanted.spec.template.spec.containers
  if (container) container.env = container.env.filter(({ name }) => name !== 'HAND')
  assert.deepEqual(leftoversIn(restored, wanted), [])
})
