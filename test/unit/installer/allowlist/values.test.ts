import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declaredEndpoints } from '../../../../installer/src/allowlist/declared.ts'
import { following } from '../../../../installer/src/allowlist/diff.ts'
import { overDefaults, valueAt } from '../../../../installer/src/allowlist/values.ts'
import { declaration, endpoint, listOf } from './facts.ts'

test("a site's values count over those of the chart as Helm has it: maps are merged, null takes a default away", () => {
  const defaults = { oidc: { issuer: 'https://a.example', clientId: 'cde' }, editors: { host: 'e' }, git: ['a'] }
  const values = overDefaults(defaults, { oidc: { issuer: 'https://b.example' }, editors: null, git: ['b'] })
  assert.deepEqual(values, { oidc: { issuer: 'https://b.example', clientId: 'cde' }, git: ['b'] })
  assert.deepEqual(overDefaults(undefined, { a: 1 }), { a: 1 })
})

test('a path leads to values alone, and to nothing that every object has', () => {
  assert.equal(valueAt({ a: { b: 0 } }, 'a.b'), 0)
  for (const path of ['constructor.name', 'a.constructor.name', 'a.b.c', 'x', '__proto__.polluted'])
    assert.equal(valueAt({ a: { b: 'text' } }, path), undefined, path)
})

test('a value with more hosts than a list of them has is cut, and told', () => {
  const hosts = Array.from({ length: 300 }, (_, i) => `h${i}.example`)
  const { endpoints, refused } = declaredEndpoints([declaration({ id: 'git', value: 'git.hosts' })], { git: { hosts } })
  assert.equal(endpoints.length, 256)
  assert.deepEqual(refused, [{ id: 'git', value: 'git.hosts', why: 'it has more than 256 entries' }])
})

test('a list keeps its newest 2,000 changes', () => {
  const many = Array.from({ length: 3000 }, (_, i) => endpoint({ id: `e${i}`, host: `h${i}.example` }))
  const { changes } = following(listOf(many), listOf([]), '2026-12-01')
  assert.deepEqual([changes.length, changes.at(-1)?.id], [2000, 'e2999'])
})
