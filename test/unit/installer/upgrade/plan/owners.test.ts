import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '@kubernetes/client-node'
import { newBudget } from '../../../../../installer/src/upgrade/plan/objects/changes.ts'
import { conflictsIn } from '../../../../../installer/src/upgrade/plan/objects/conflicts.ts'
import { driftOf } from '../../../../../installer/src/upgrade/plan/objects/drift.ts'
import { planLimits } from '../../../../../installer/src/upgrade/plan/objects/limits.ts'
import { refusalIn } from '../../../../../installer/src/upgrade/plan/objects/status.ts'
import { changedByHand, refusals } from './recorded.ts'

const at = 'spec.template.spec.containers[web]'
const causesOf = (name: string) => refusalIn(409, JSON.stringify(refusals[name])).causes

test('conflicts are told with their manager, what is there and what is wanted', () => {
  const { live, restored } = changedByHand()
  const conflicts = conflictsIn(causesOf('same deployment').reverse(), live, restored)
  assert.deepEqual(conflicts, [
    { path: 'spec.replicas', manager: 'kubectl', subresource: 'scale', is: '3', wants: '2' },
    { path: `${at}.env[LEVEL].value`, manager: 'kubectl-edit', at: '2026-11-30T02:09:58Z', is: 'debug', wants: 'info' },
    {
      path: `${at}.image`,
      manager: 'kubectl-set',
      at: '2026-11-30T02:10:01Z',
      is: 'example.invalid/web:hand',
      wants: 'example.invalid/web:1',
    },
  ])
})

test('conflicts at fields whose names have dots, at entries with several keys, and at secrets', () => {
  const conflict = (field: string) => ({ reason: 'FieldManagerConflict', message: 'conflict with "x" using v1', field })
  const live = {
    metadata: { labels: { 'example.com/a.b': '1' } },
    spec: { ports: [{ name: 'http', port: 80 }] },
  }
  assert.deepEqual(
    conflictsIn(
      [
        conflict('.metadata.labels.example.com/a.b'),
        conflict('.spec.ports[port=80,protocol="TCP"].name'),
        conflict('.spec.ports[port=81].name'),
      ],
      live,
    ),
    [
      { path: 'metadata.labels[example.com/a.b]', manager: 'x', is: '1' },
      { path: 'spec.ports[http].name', manager: 'x', is: 'http' },
      { path: 'spec.ports[81].name', manager: 'x' },
    ],
  )
  const secret = { kind: 'Secret', data: { a: 'aHVudGVyMg==' } }
  assert.deepEqual(conflictsIn([conflict('.data.a')], secret, secret), [{ path: 'data.a', manager: 'x' }])
})

test('what was changed, added and scaled by hand is drift, with who and when', () => {
  const { live, restored } = changedByHand()
  const { changed, added, more } = driftOf(live, restored, { isScaled: false, budget: newBudget() })
  assert.deepEqual(
    [...changed, ...added],
    [
      { path: 'spec.replicas', was: '2', is: '3', manager: 'kubectl' },
      { path: `${at}.env[LEVEL].value`, was: 'info', is: 'debug', manager: 'kubectl-edit', at: '2026-11-30T02:09:58Z' },
      {
        path: `${at}.image`,
        was: 'example.invalid/web:1',
        is: 'example.invalid/web:hand',
        manager: 'kubectl-set',
        at: '2026-11-30T02:10:01Z',
      },
      { path: 'metadata.annotations.hand', is: 'made', manager: 'kubectl-annotate', at: '2026-11-30T02:09:59Z' },
      {
        path: `${at}.env[HAND]`,
        is: '{"name":"HAND","value":"1"}',
        manager: 'kubectl-set',
        at: '2026-11-30T02:10:01Z',
      },
    ],
  )
  assert.equal(more, 0)
  const scaled = driftOf(live, restored, { isScaled: true, budget: newBudget() })
  assert.deepEqual(scaled.changed, changed.slice(1))
})

test('an object with tens of thousands of owned fields is done with soon', () => {
  const env = Array.from({ length: 20_000 }, (_, i) => ({ name: `V${i}`, value: '1' }))
  const fields = Object.fromEntries(
    env.map(({ name }) => [`k:${JSON.stringify({ name })}`, { '.': {}, 'f:name': {}, 'f:value': {} }]),
  )
  const live = {
    metadata: { managedFields: [{ manager: 'x', fieldsV1: { 'f:env': fields } }] },
    env,
  } as KubernetesObject
  const started = performance.now()
  const { added, more } = driftOf(live, live, { isScaled: false, budget: newBudget() })
  assert.ok(added.length > 0 && added.length <= planLimits.perObject && more >= 0)
  assert.ok(performance.now() - started < 5000)
})
