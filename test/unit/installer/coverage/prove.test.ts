import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PinnedImage, proveAtSite, proveCoverage } from '../../../../installer/src/coverage/prove.ts'

const digest = (c: string) => `sha256:${c.repeat(64)}`
const manager: PinnedImage = {
  name: 'manager',
  reference: 'registry.example/cde/manager:1',
  digest: digest('a'),
  role: 'component',
}
const workspace: PinnedImage = {
  name: 'workspace',
  reference: 'registry.example/cde/workspace:1',
  digest: digest('b'),
  role: 'workspace',
  why: 'the manager starts it',
}
const from = 'Deployment/x containers[0] (templates/x.yaml:1)'

test('a rendered image counts by tag, or by digest whatever its tag says', () => {
  for (const reference of [manager.reference, `registry.example/cde/manager:old@${manager.digest}`])
    assert.deepEqual(proveCoverage([{ reference, from }], [manager]), { uncovered: [], unexplained: [] })
})

test('another tag, another digest, another host and no reference at all are uncovered, each with its reason', () => {
  const cases: [string, RegExp][] = [
    ['registry.example/cde/manager:2', /pins registry\.example\/cde\/manager:1@sha256:aaaa/],
    ['registry.example/cde/manager', /pins registry/],
    [`registry.example/cde/manager@${digest('c')}`, /pins registry/],
    ['cde/manager:1', /pins no image of docker\.io\/cde\/manager/],
    ['busybox', /pins no image of docker\.io\/library\/busybox/],
    ['', /not an image reference/],
    ['Registry/UPPER:1', /not an image reference/],
  ]
  for (const [reference, why] of cases) {
    const [uncovered] = proveCoverage([{ reference, from }], [manager]).uncovered
    assert.equal(uncovered?.from, from)
    assert.match(uncovered.why, why)
  }
})

test('a pinned image that nothing renders is unexplained, unless it is a workspace image with a reason', () => {
  assert.deepEqual(proveCoverage([], [manager, workspace]).unexplained, [manager])
  assert.deepEqual(proveCoverage([], [{ ...workspace, why: ' ' }]).unexplained.length, 1)
})

test('at the site only images of the release, by digest, at the place where the site has them, are accepted', () => {
  const at = (image: PinnedImage) => `10.0.0.1:5000/site/cde/${image.name}`
  const prove = (reference: string) => proveAtSite([{ reference, from }], [manager], at)
  assert.deepEqual(prove(`10.0.0.1:5000/site/cde/manager@${manager.digest}`), [])
  assert.match(prove('10.0.0.1:5000/site/cde/manager:1')[0]?.why ?? '', /without a digest/)
  assert.match(prove(`10.0.0.1:5000/site/cde/manager@${digest('f')}`)[0]?.why ?? '', /no image of the release/)
  assert.match(prove(`registry.example/cde/manager@${manager.digest}`)[0]?.why ?? '', /site has this image at 10\.0/)
  assert.match(prove('nonsense image')[0]?.why ?? '', /not an image reference/)
})
