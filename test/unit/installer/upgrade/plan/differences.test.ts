import assert from 'node:assert/strict'
import { test } from 'node:test'
import { affordable, Changes, newBudget } from '../../../../../installer/src/upgrade/plan/objects/changes.ts'
import { differences } from '../../../../../installer/src/upgrade/plan/objects/differences.ts'
import { planLimits } from '../../../../../installer/src/upgrade/plan/objects/limits.ts'

function between(before: object, after: object) {
  const changes = new Changes(newBudget())
  differences(before, after, changes)
  return { kept: changes.kept, more: changes.more }
}
const lines = (before: object, after: object) =>
  between(before, after).kept.map(({ path, from, to, hidden }) => `${path}: ${hidden ? 'hidden' : `${from} -> ${to}`}`)

const pod = (containers: object[], more = {}) => ({
  kind: 'Deployment',
  spec: { template: { spec: { containers, ...more } } },
})

test('entries of lists are told apart by their key, wherever they stand', () => {
  const before = pod([
    {
      name: 'a',
      image: 'x:1',
      env: [
        { name: 'L', value: 'info' },
        { name: 'M', value: '1' },
      ],
    },
    {
      name: 'b',
      image: 'y:1',
      ports: [{ name: 'http', containerPort: 80 }],
      volumeMounts: [
        { name: 't', mountPath: '/a' },
        { name: 't', mountPath: '/b' },
      ],
    },
  ])
  const after = pod([
    { name: 'new', image: 'z:1' },
    {
      name: 'a',
      image: 'x:1',
      env: [
        { name: 'N', value: '2' },
        { name: 'L', value: 'debug' },
      ],
    },
    {
      name: 'b',
      image: 'y:2',
      ports: [{ name: 'http', containerPort: 81 }],
      volumeMounts: [
        { name: 't', mountPath: '/a', readOnly: true },
        { name: 't', mountPath: '/b' },
      ],
    },
  ])
  const at = 'spec.template.spec.containers'
  assert.deepEqual(lines(before, after), [
    `${at}[a].env[L].value: info -> debug`,
    `${at}[a].env[M]: {"name":"M","value":"1"} -> undefined`,
    `${at}[a].env[N]: undefined -> {"name":"N","value":"2"}`,
    `${at}[b].image: y:1 -> y:2`,
    `${at}[b].ports[http].containerPort: 80 -> 81`,
    `${at}[b].volumeMounts[/a].readOnly: undefined -> true`,
    `${at}[new]: undefined -> {"name":"new","image":"z:1"}`,
  ])
})

test('plain lists are told by what is between what they have in common, texts by their lines, and another order as such', () => {
  assert.deepEqual(lines({ a: ['1', '2', '3'] }, { a: ['1', 'x', '3'] }), ['a[1]: 2 -> x'])
  assert.deepEqual(lines({ a: ['1', '3'] }, { a: ['1', '2', '3'] }), ['a[1]: undefined -> 2'])
  assert.deepEqual(lines({ a: ['1', '2', '3', '4'] }, { a: ['x', '4'] }), ['a[0]: ["1","2","3"] -> x'])
  assert.deepEqual(lines({ data: { 'a.conf': 'one\ntwo\nthree\n' } }, { data: { 'a.conf': 'one\nzwei\nthree\n' } }), [
    'data[a.conf] line 2: two -> zwei',
  ])
  assert.deepEqual(lines(pod([{ name: 'a' }, { name: 'b' }]), pod([{ name: 'b' }, { name: 'a' }])), [
    'spec.template.spec.containers (order): a, b -> b, a',
  ])
})

test('what servers set, and empty against missing, is no difference', () => {
  const live = {
    metadata: {
      name: 'a',
      uid: '1',
      resourceVersion: '2',
      generation: 3,
      managedFields: [{}],
      annotations: { 'deployment.kubernetes.io/revision': '4' },
    },
    spec: { a: 1, b: {}, c: [] },
    status: { ready: 1 },
  }
  assert.deepEqual(lines(live, { metadata: { name: 'a', generation: 4 }, spec: { a: 1, d: null } }), [])
})

test('no value of a secret is told, nor of a field or variable that is called like one', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const before = {
    kind: 'Secret',
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' } },
    data: { a: encoded('hunter2'), b: encoded('same'), c: encoded('hunter2') },
  }
  const after = { kind: 'Secret', stringData: { a: 'hunter3', b: 'same' }, data: { d: encoded('hunter2') } }
  assert.deepEqual(lines(before, after), ['data.a: hidden', 'data.c: hidden', 'data.d: hidden'])
  assert.deepEqual(lines({ kind: 'Secret' }, after), ['data.a: hidden', 'data.b: hidden', 'data.d: hidden'])
  const env = (value: string) =>
    pod([
      {
        name: 'a',
        env: [
          { name: 'DB_PASSWORD', value },
          { name: 'URL', value: `https://u:${value}@h/` },
        ],
      },
    ])
  assert.deepEqual(lines(env('hunter2'), env('hunter3')), [
    'spec.template.spec.containers[a].env[DB_PASSWORD].value: hidden',
    'spec.template.spec.containers[a].env[URL].value: https://…@h/ -> https://…@h/',
  ])
  assert.doesNotMatch(JSON.stringify(between(pod([]), env('hunter2'))), /hunter2/)
})

test('whatever the objects are, little is kept and the rest counted', () => {
  const many = (value: string) => ({
    data: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, value])),
  })
  const { kept, more } = between(many('a'), many('b'))
  assert.deepEqual([kept.length, more], [planLimits.perObject, 5000 - planLimits.perObject])
  const [change] = between({ data: { a: 'x'.repeat(1e6) } }, { data: { a: 'y'.repeat(1e6) } }).kept
  assert.ok((change?.from?.length ?? 0) < planLimits.value + 40)
  let deep: object = { end: 1 }
  for (let i = 0; i < 1000; i++) deep = { a: deep }
  assert.equal(between(deep, JSON.parse(JSON.stringify(deep).replace('1', '2'))).kept.length, 1)
  const proto = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')
  assert.deepEqual(lines({}, proto), ['__proto__: undefined -> {"a":1}', 'constructor: undefined -> 2'])
})

test('the budget of a plan ends what is kept of its changes', () => {
  const budget = { left: 100 }
  const changes = new Changes(budget)
  for (let i = 0; i < 20; i++) differences({ a: 'x'.repeat(20) }, { a: 'y'.repeat(20) }, changes)
  assert.deepEqual([changes.kept.length, changes.more], [2, 18])
  assert.deepEqual(affordable(['a'.repeat(30), 'b'], { left: 10 }), { kept: ['b'], more: 1 })
  assert.equal(affordable(Array(1000).fill(1), newBudget()).more, 1000 - planLimits.perObject)
})
