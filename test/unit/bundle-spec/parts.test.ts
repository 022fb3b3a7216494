import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { bundleOfPart, cut, partName, readParts } from '@sealift/bundle-spec/parts.ts'
import { code } from '../../fixtures/code.ts'

test('parts cover all bytes once and the last one has what is left', () => {
  assert.deepEqual(cut(10, 4), [
    { offset: 0, size: 4 },
    { offset: 4, size: 4 },
    { offset: 8, size: 2 },
  ])
  assert.deepEqual(cut(8, 4).length, 2)
  assert.deepEqual(cut(3, 4), [{ offset: 0, size: 3 }])
})

test('more parts than three digits can count are refused with the least size that works', () => {
  assert.equal(cut(999, 1).length, 999)
  assert.throws(() => cut(1000, 1), code('USAGE_PART_SIZE'))
  assert.equal(cut(1000, 2).length, 500)
})

test('a part and the parts index stand for their bundle, other names for themselves', () => {
  assert.equal(partName('a/cde.bundle', 7), 'a/cde.bundle.007')
  assert.equal(bundleOfPart('a/cde.bundle.007'), 'a/cde.bundle')
  assert.equal(bundleOfPart('cde.bundle.parts.json'), 'cde.bundle')
  for (const other of ['cde.bundle', 'cde.bundle.7', 'cde.bundle.0071', 'cde-0.1.0'])
    assert.equal(bundleOfPart(other), undefined)
})

test('a parts index that does not add up or has anything else in it is refused', () => {
  const digest = `sha256:${'ab'.repeat(32)}`
  const good = {
    apiVersion: 'sealift.dev/v1',
    kind: 'BundleParts',
    index: digest,
    size: 5,
    parts: [
      { size: 3, digest },
      { size: 2, digest },
    ],
  }
  assert.deepEqual(readParts(toJson(good), 'x'), good)
  const hostile: Record<string, object> = {
    'a sum that is less': { ...good, size: 6 },
    'a sum that is more': { ...good, size: 4 },
    'an empty part': { ...good, parts: [...good.parts, { size: 0, digest }] },
    'a negative part': {
      ...good,
      parts: [
        { size: 7, digest },
        { size: -2, digest },
      ],
    },
    'half a byte': {
      ...good,
      parts: [
        { size: 2.5, digest },
        { size: 2.5, digest },
      ],
    },
    'no parts': { ...good, size: 0, parts: [] },
    'a path of its own': { ...good, parts: [{ size: 5, digest, path: '/etc/shadow' }] },
    'an upper-case digest': { ...good, parts: [{ size: 5, digest: digest.toUpperCase() }] },
    'another kind': { ...good, kind: 'Release' },
    'another version': { ...good, apiVersion: 'sealift.dev/v2' },
    'too many parts': { ...good, size: 1000, parts: Array.from({ length: 1000 }, () => ({ size: 1, digest })) },
  }
  for (const [what, value] of Object.entries(hostile))
    assert.throws(() => readParts(toJson(value), 'x'), code('BUNDLE_PARTS'), what)
})
