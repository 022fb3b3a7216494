import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { planLimits } from '../../../../../installer/src/upgrade/plan/objects/limits.ts'
import { planValues } from '../../../../../installer/src/upgrade/plan/values.ts'
import { chartDirectory } from '../../../manifests/rendered-chart.ts'

const says = (site: unknown, was: { values: unknown; schema?: unknown }, now: { values: unknown; schema?: unknown }) =>
  planValues({ site, oldChart: was, newChart: now }).changes.map(({ kind, says }) => `${kind}: ${says}`)

test('by the defaults alone: a value that vanished, one that became a map, a default that changed', () => {
  const was = { values: { a: 1, b: { c: 'x', d: {} }, e: [], keep: 1, gone: null } }
  const now = { values: { a: { min: 1 }, b: { c: 'y', d: {}, port: 1 }, e: [1], keep: 1, free: null } }
  assert.deepEqual(
    says({ a: 2, b: { c: 'own', d: { any: { thing: 1 } }, prot: 2 }, e: [5], keep: 3, zzzzzzzz: 1 }, was, now),
    [
      'type: a has to be object, and is integer',
      'default: the default of b.c, which the site replaces, has changed: x -> y',
      'vanished: b.prot is unknown to the new chart; it knows port',
      'default: the default of e, which the site replaces, has changed: [] -> [1]',
      'vanished: zzzzzzzz is unknown to the new chart',
    ],
  )
  assert.deepEqual(says({ free: { any: { thing: 1 } }, a: null }, was, now), [])
})

test('by the schema: types, values, references, alternatives, and what is optional', () => {
  const schema = {
    definitions: { size: { type: 'string' }, level: { enum: ['info', 'debug'], type: 'string' } },
    type: 'object',
    additionalProperties: false,
    properties: {
      size: { $ref: '#/definitions/size' },
      level: { $ref: '#/definitions/level' },
      port: { anyOf: [{ type: 'integer' }, { enum: ['auto'] }] },
      extra: { type: 'object', properties: { deep: { type: 'boolean' } } },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      loop: { $ref: '#/properties/loop' },
      ratio: { type: 'number' },
    },
  }
  const chart = { values: { size: '1', other: 1 }, schema }
  const site = {
    size: 5,
    level: 'trace',
    port: 'auto',
    extra: { deep: 'no', depe: 1 },
    labels: { a: 'b', c: 1 },
    loop: 1,
    ratio: 2,
    old: 1,
  }
  assert.deepEqual(says(site, chart, chart), [
    'type: size has to be string, and is integer',
    'type: level has to be one of info, debug, and is string',
    'type: extra.deep has to be boolean, and is string',
    'vanished: extra.depe is unknown to the new chart; it knows deep',
    'vanished: old is unknown to the new chart',
  ])
  assert.deepEqual(says({ port: 'x' }, chart, chart), ['type: port has to be integer or one of auto, and is string'])
})

test('no secret is told, and hostile values end', () => {
  const [line] = says(
    { adminPassword: 'own' },
    { values: { adminPassword: 'hunter2' } },
    { values: { adminPassword: 'hunter3' } },
  )
  assert.equal(line, 'default: the default of adminPassword, which the site replaces, has changed')
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1]))
  const { changes, more } = planValues({
    site: { ...many, a: many },
    oldChart: { values: {} },
    newChart: { values: { a: { b: 1 } } },
  })
  assert.equal(changes.length, planLimits.perObject)
  assert.ok(more > 15_000)
  let deep: object = {}
  for (let i = 0; i < 5000; i++) deep = { a: deep }
  assert.ok(says(deep, { values: deep }, { values: deep }).length <= 1)
  assert.deepEqual(says(JSON.parse('{"__proto__": {"x": 1}}'), { values: {} }, { values: { a: 1 } }), [
    'vanished: __proto__ is unknown to the new chart',
  ])
  for (const odd of [null, 1, 'x', [], undefined])
    assert.deepEqual(says(odd, { values: odd }, { values: odd, schema: odd }), [])
})

test('the values of the chart itself are all known to it', () => {
  const values = parse(readFileSync(join(chartDirectory, 'values.yaml'), 'utf8'))
  const schema = JSON.parse(readFileSync(join(chartDirectory, 'values.schema.json'), 'utf8'))
  assert.deepEqual(says(values, { values, schema }, { values, schema }), [])
  const site = { postgres: { storage: '50Gi' }, ingres: {}, storageClassName: 'fast' }
  assert.deepEqual(says(site, { values, schema }, { values, schema }), [
    'vanished: ingres is unknown to the new chart; it knows ingress',
  ])
})
