import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { findPath, type Step } from '../../../../installer/src/upgrade/path.ts'

const step = (version: string, upgradesFrom?: string, more: { name?: string; digest?: string } = {}): Step => ({
  path: `/media/${version}.bundle`,
  release: { name: more.name ?? 'cde', version, ...(upgradesFrom === undefined ? {} : { upgradesFrom }) },
  releaseDigest: more.digest ?? `sha256:${version}`,
})
const at = (version: string) => ({ name: 'cde', version, digest: `sha256:${version}` })
const way = (from: string, ...steps: Step[]) => findPath(at(from), steps).map(({ release }) => release.version)
const refusal = (from: string, ...steps: Step[]): SealiftError => {
  try {
    findPath(at(from), steps)
  } catch (error) {
    if (error instanceof SealiftError) return error
  }
  return assert.fail('it was not refused')
}

test('the way goes over the fewest releases, in whatever order they are named', () => {
  const [one, two, three] = [step('1.1.0', '1.0.x'), step('1.2.0', '1.1.x'), step('1.3.0', '>=1.1.0')]
  assert.deepEqual(way('1.0.0', two, one), ['1.1.0', '1.2.0'])
  assert.deepEqual(way('1.0.0', three, two, one), ['1.1.0', '1.3.0'])
  assert.deepEqual(way('1.1.0', one, two), ['1.2.0'])
  assert.deepEqual(way('1.0.0', step('2.0.0')), ['2.0.0'], 'without a range it upgrades all that are older')
})

test('pre-releases are versions of a range', () => {
  assert.deepEqual(way('1.1.0-rc.1', step('1.1.0', '>=1.0.0')), ['1.1.0'])
  assert.deepEqual(way('1.0.0', step('1.1.0-rc.1', '1.0.x'), step('1.1.0-rc.2', '>=1.1.0-rc.1')), [
    '1.1.0-rc.1',
    '1.1.0-rc.2',
  ])
})

test('what is installed needs no way; the same version with other contents does', () => {
  assert.deepEqual(way('1.1.0', step('1.1.0', '1.0.x')), [])
  assert.deepEqual(way('1.1.0', step('1.1.0', '1.0.x', { digest: 'sha256:other' })), ['1.1.0'])
  assert.deepEqual(way('1.1.0', step('1.1.0'), step('1.0.0')), [])
})

test('a gap says which version is missing, and between which', () => {
  const error = refusal('1.0.0', step('1.2.0', '>=1.1.0 <1.2.0'), step('1.3.0', '1.2.x'))
  assert.equal(error.code, 'UPGRADE_GAP')
  assert.match(error.message, /from cde 1\.0\.0 .* 1\.2\.0 upgrades/)
  assert.match(error.fix ?? '', />=1\.1\.0 <1\.2\.0 \(1\.1\.0 is the oldest\).*sealift upgrade THAT \/media\/1\.2\.0/)
  const later = refusal('1.0.0', step('1.1.0', '1.0.x'), step('1.3.0', '1.2.x'))
  assert.match(later.message, /from cde 1\.1\.0 .* 1\.3\.0 upgrades/)
  assert.match(later.fix ?? '', /1\.2\.0 is the oldest/)
})

test('an older release, another product and two contents of one version are refused', () => {
  assert.equal(refusal('1.2.0', step('1.1.0')).code, 'BUNDLE_OLDER')
  assert.equal(refusal('1.0.0', step('1.1.0', undefined, { name: 'other' })).code, 'UPGRADE_PRODUCT')
  assert.equal(refusal('1.0.0', step('1.1.0'), step('1.1.0', undefined, { digest: 'sha256:x' })).code, 'UPGRADE_TWICE')
  assert.deepEqual(way('1.0.0', step('1.1.0'), step('1.1.0')), ['1.1.0'], 'one bundle named twice')
})
