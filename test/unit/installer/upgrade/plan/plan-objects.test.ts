import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planObjects } from '../../../../../installer/src/upgrade/plan/objects/plan-objects.ts'
import { planObjectsText } from '../../../../../installer/src/upgrade/plan/objects/plan-text.ts'
import type { Stored } from '../../cluster/fake-kubernetes.ts'
import { changedByHand, refusals } from './recorded.ts'
import { kept, release, rendered, site } from './site.ts'

const object = (apiVersion: string, kind: string, name: string, more: object = {}) => ({
  apiVersion,
  kind,
  metadata: { name },
  ...more,
})
const map = (name: string, data: object, metadata: { annotations?: object } = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})
const path = (name: string) => `/api/v1/namespaces/cde/configmaps/${name}`

test('objects are added, changed, removed and kept; those of which there is nothing to say are counted', async (t) => {
  const { cluster, put, calls } = await site(t)
  const old = [
    map('same', { a: '1' }),
    map('other', { a: '1' }),
    map('goes', {}),
    map('stays', {}, { annotations: { 'helm.sh/resource-policy': 'keep' } }),
  ]
  for (const one of old) put(path(one.metadata.name), kept(one))
  const plan = await planObjects({
    cluster,
    release,
    installed: { manifest: rendered(...old) },
    rendered: rendered(map('same', { a: '1' }), map('other', { a: '2' }), map('comes', {})),
  })
  assert.deepEqual(plan.counts, { add: 1, change: 1, anew: 0, remove: 1, keep: 1, none: 1, blocked: 0 })
  assert.deepEqual(planObjectsText(plan), [
    '~ ConfigMap other changes',
    '    data.a: 1 -> 2',
    '+ ConfigMap comes is added',
    '- ConfigMap goes is removed',
    '= ConfigMap stays stays, though the chart no longer has it (resource policy keep)',
    '1 added, 1 changed, 1 removed, 1 kept, 1 unchanged',
  ])
  assert.ok(calls.every((call) => /^(GET|PATCH) /.test(call)))
})

test('conflicts, and what was changed by hand, are told with who did it', async (t) => {
  const { live, restored } = changedByHand()
  const wanted = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: {} }
  const { cluster, put } = await site(t, {
    web: (force) => (force ? [200, restored] : [409, refusals['same deployment']]),
  })
  put('/apis/apps/v1/namespaces/cde/deployments/web', live as unknown as Stored)
  const manifest = rendered(wanted)
  const plan = await planObjects({ cluster, release, installed: { manifest }, rendered: manifest })
  assert.deepEqual(planObjectsText(plan), [
    '~ Deployment web changes',
    '    conflict: spec.replicas: 3 -> 2, but kubectl (scale) set it',
    '    conflict: spec.template.spec.containers[web].env[LEVEL].value: debug -> info, but kubectl-edit set it at 2026-11-30 02:09 UTC',
    '    conflict: spec.template.spec.containers[web].image: example.invalid/web:hand -> example.invalid/web:1, but kubectl-set set it at 2026-11-30 02:10 UTC',
    '    changed since: metadata.annotations.hand: made is new, by kubectl-annotate at 2026-11-30 02:09 UTC',
    '    changed since: spec.template.spec.containers[web].env[HAND]: {"name":"HAND","value":"1"} is new, by kubectl-set at 2026-11-30 02:10 UTC',
    '1 changed, 0 unchanged',
  ])
  assert.equal(plan.objects[0]?.drift.length, 5)
})

test('what cannot be changed is made anew, or blocks where that would lose what it holds', async (t) => {
  const sts = (size: string) =>
    object('apps/v1', 'StatefulSet', 'db', {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'db' } },
        template: { metadata: { labels: { app: 'db' } } },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { size } }],
      },
    })
  const claim = (mode: string) => object('v1', 'PersistentVolumeClaim', 'claim', { spec: { accessModes: [mode] } })
  const secret = (data: string) => object('v1', 'Secret', 'secret', { type: 'x', data: { key: data } })
  const { cluster, put } = await site(t, {
    db: (_, body) => (body.includes('2Gi') ? [422, refusals['sts claims by force']] : undefined),
    claim: (_, body) => (body.includes('Many') ? [422, refusals['pvc modes by force']] : undefined),
    secret: (_, body) => (body.includes('bmV3') ? [422, refusals['frozen cm by force']] : undefined),
    bad: () => [422, refusals['invalid2 by force']],
  })
  put('/apis/apps/v1/namespaces/cde/statefulsets/db', kept(sts('1Gi')))
  put('/api/v1/namespaces/cde/persistentvolumeclaims/claim', kept(claim('One')))
  put('/api/v1/namespaces/cde/secrets/secret', kept(secret('b2xk')))
  const manifest = rendered(sts('1Gi'), claim('One'), secret('b2xk'))
  const chart = rendered(sts('2Gi'), claim('Many'), secret('bmV3'), map('bad', {}))
  const plan = await planObjects({ cluster, release, installed: { manifest }, rendered: chart })
  assert.deepEqual(planObjectsText(plan), [
    '± StatefulSet db is made anew, since spec.volumeClaimTemplates cannot be changed',
    '    deleted without its pods (--cascade=orphan) and made anew around them',
    '    volumes that are there stay as they are; only new ones follow the change',
    '    spec.volumeClaimTemplates[data].spec.size: 1Gi -> 2Gi',
    '! PersistentVolumeClaim claim stops the upgrade',
    '    the cluster refuses it: spec: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims; making it anew would lose what it holds',
    '    spec.accessModes[0]: One -> Many',
    '± Secret secret is made anew, since data cannot be changed',
    '    deleted and made anew',
    '    data.key changes (not shown)',
    '! ConfigMap bad stops the upgrade',
    '    the cluster refuses it: spec.replicas: must be greater than or equal to 0',
    '2 made anew, 2 in the way, 0 unchanged',
  ])
  assert.doesNotMatch(JSON.stringify(plan), /b2xk|bmV3/)
})

test('what was deleted, what is of somebody else, unknown kinds, hooks and the definitions of crds/', async (t) => {
  const { cluster, put } = await site(t)
  put(path('foreign'), { metadata: { labels: { 'app.kubernetes.io/managed-by': 'by-hand' } } })
  const gone = object('example.com/v1', 'Widget', 'gone')
  const manifest = rendered(map('deleted', {}), gone)
  const crd = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'things.example.com', {
    spec: { group: 'example.com', names: { kind: 'Thing' } },
  })
  const chart = [
    rendered(
      map('deleted', {}),
      map('foreign', {}),
      object('example.com/v1', 'Gadget', 'new'),
      object('example.com/v1', 'Thing', 'new'),
    ),
    rendered(
      object('batch/v1', 'Job', 'migrate', {
        metadata: { name: 'migrate', annotations: { 'helm.sh/hook': 'pre-upgrade, pre-rollback' } },
      }),
    ),
    rendered(object('v1', 'Pod', 'try', { metadata: { name: 'try', annotations: { 'helm.sh/hook': 'test' } } })),
    `---\n# Source: cde/crds/things.yaml\n${rendered(crd)}`,
  ].join('\n---\n')
  const plan = await planObjects({ cluster, release, installed: { manifest }, rendered: chart })
  assert.deepEqual(planObjectsText(plan), [
    '! CustomResourceDefinition things.example.com stops the upgrade',
    '    the cluster has no kind CustomResourceDefinition of apiextensions.k8s.io/v1',
    '+ ConfigMap deleted is added',
    '    somebody deleted it since it was installed',
    '! ConfigMap foreign stops the upgrade',
    '    it is there already, and of by-hand',
    '! Gadget new stops the upgrade',
    '    the cluster has no kind Gadget of example.com/v1',
    '+ Thing new is added',
    '    its kind comes with this chart',
    '! Widget gone stops the upgrade',
    '    the cluster no longer has the kind Widget of example.com/v1, and Helm cannot read the installed release without it',
    '> Job migrate runs (pre-upgrade)',
    '2 added, 4 in the way, 0 unchanged',
  ])
})

test('a definition of crds/ that the cluster has is applied before the chart, and said so', async (t) => {
  const { cluster, answers, put } = await site(t)
  answers.set('/apis/apiextensions.k8s.io/v1', {
    resources: [{ name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false }],
  })
  const crd = (group: string) =>
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'things.example.com', { spec: { group } })
  put('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com', crd('a') as Stored)
  const plan = await planObjects({
    cluster,
    release,
    installed: { manifest: '' },
    rendered: `---\n# Source: cde/crds/t.yaml\n${rendered(crd('b'))}`,
  })
  assert.deepEqual(planObjectsText(plan).slice(0, 3), [
    '~ CustomResourceDefinition things.example.com (of the whole cluster) changes',
    '    Helm never looks at crds/ again: it is applied before the chart',
    '    spec.group: a -> b',
  ])
})

test('a webhook that takes no trials leaves the manifests to be compared', async (t) => {
  const message = 'admission webhook "w.example.com" does not support dry run'
  const { cluster, put } = await site(t, { a: () => [400, { kind: 'Status', message }] })
  put(path('a'), kept(map('a', { x: '1' })))
  const plan = await planObjects({
    cluster,
    release,
    installed: { manifest: rendered(map('a', { x: '1' })) },
    rendered: rendered(map('a', { x: '2' })),
  })
  assert.deepEqual(planObjectsText(plan), [
    '~ ConfigMap a changes',
    `    it could not be tried: ${message}`,
    '    data.x: 1 -> 2',
    '1 changed, 0 unchanged',
  ])
})

test('hostile charts: names that lead elsewhere, text that fakes lines, and thousands of objects', async (t) => {
  const { cluster, calls } = await site(t)
  const odd = ['../../secrets/x', '..', 'a\u001b[2Jb\nfake', 'x'.repeat(5000), '', 'a%2fb']
  const many = Array.from({ length: 4990 }, (_, i) => map(`m${i}`, { a: '\u202e\u0007' }))
  const plan = await planObjects({
    cluster,
    release,
    installed: { manifest: '' },
    rendered: rendered(...odd.map((name) => map(name, {})), ...many.slice(0, 300)),
  })
  assert.equal(plan.counts.blocked, odd.length)
  const text = planObjectsText(plan)
  assert.ok(text.length < 250 && text.every((line) => line.length < 400 && !/[\x00-\x1f\x7f\u202e]/.test(line)))
  assert.match(text.at(-2) ?? '', /^… and \d+ more objects; --json tells all$/)
  assert.ok(calls.every((call) => !call.includes('secrets') && !call.includes('..')))
  const before = calls.length
  const all = await planObjects({
    cluster,
    release,
    installed: { manifest: rendered(...many.map((one) => object('example.com/v1', 'Gone', one.metadata.name))) },
    rendered: rendered(...many.map((one) => object('example.com/v1', 'None', one.metadata.name))),
  })
  assert.deepEqual([all.left, all.counts.blocked], [4980, 5000])
  assert.ok(calls.length - before < 10)
})

test('values that are long are shown around what differs, secrets not at all', () => {
  const base = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'cde',
    name: 'a',
    action: 'change',
    remarks: [],
    immutable: [],
    conflicts: [],
    drift: [],
  } as const
  const image = (digest: string) => `registry.example:5000/site/cde/manager@sha256:${digest.repeat(64)}`
  const counts = { add: 0, change: 1, anew: 0, remove: 0, keep: 0, none: 0, blocked: 0 }
  const changes = [
    { path: 'image', from: image('a'), to: image('b') },
    { path: 'text', from: '', to: ' x\n' },
    { path: 'key', hidden: true as const },
    { path: 'new', to: '1' },
    { path: 'old', from: '1' },
    ...Array.from({ length: 4 }, (_, i) => ({ path: `p${i}`, from: '1', to: '2' })),
  ]
  assert.deepEqual(
    planObjectsText({
      objects: [{ ...base, remarks: [], immutable: [], conflicts: [], drift: [], changes, more: 7 }],
      hooks: [],
      counts,
      left: 3,
    }),
    [
      '~ ConfigMap a changes',
      `    image: …ager@sha256:${'a'.repeat(46)}… -> …ager@sha256:${'b'.repeat(46)}…`,
      '    text: "" -> " x\\n"',
      '    key changes (not shown)',
      '    new: 1 is new',
      '    old: 1 goes',
      '    p0: 1 -> 2',
      '    … and 10 more',
      '1 changed, 0 unchanged, 3 not looked at',
    ],
  )
})

test('labels that change with each version are told once for all objects', async (t) => {
  const labeled = (name: string, version: string, data: object) => ({
    ...map(name, data),
    metadata: { name, labels: { 'helm.sh/chart': `cde-${version}`, 'app.kubernetes.io/version': version } },
  })
  const { cluster, put } = await site(t)
  const old = ['a', 'b', 'c'].map((name) => labeled(name, '1', { x: '1' }))
  const installed = { manifest: rendered(...old) }
  for (const one of old) {
    const { metadata, ...rest } = kept(one)
    put(path(one.metadata.name), {
      ...rest,
      metadata: { ...metadata, labels: { ...metadata.labels, ...one.metadata.labels } },
    })
  }
  const chart = rendered(labeled('a', '2', { x: '1' }), labeled('b', '2', { x: '2' }), labeled('c', '2', { x: '1' }))
  assert.deepEqual(planObjectsText(await planObjects({ cluster, release, installed, rendered: chart })), [
    '~ ConfigMap b changes',
    '    data.x: 1 -> 2',
    '~ 2 objects get nothing but the labels of the new version',
    '3 changed, 0 unchanged',
  ])
})
