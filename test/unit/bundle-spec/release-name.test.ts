import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReleaseName, registryOf, releaseNameOf } from '@sealift/bundle-spec/release-name.ts'
import { atSite } from '@sealift/bundle-spec/site.ts'
import { code } from '../../fixtures/code.ts'

const digest = `sha256:${'0a'.repeat(32)}`

test('a release is named by version, by digest or by both, with its host written out', () => {
  const repository = 'registry.vendor.example/cde/release'
  assert.deepEqual(parseReleaseName(`${repository}:0.1.0`), { repository, tag: '0.1.0' })
  assert.deepEqual(parseReleaseName(`${repository}@${digest}`), { repository, digest })
  assert.deepEqual(parseReleaseName(`${repository}:0.1.0_x.1@${digest}`), { repository, tag: '0.1.0_x.1', digest })
  assert.deepEqual(parseReleaseName('[fd00::1]:5000/cde:1'), { repository: '[fd00::1]:5000/cde', tag: '1' })
  assert.deepEqual(parseReleaseName('localhost/cde:1'), { repository: 'localhost/cde', tag: '1' })
})

for (const name of [
  '',
  'cde:0.1.0',
  'vendor/cde:0.1.0',
  'registry.vendor.example:0.1.0',
  'registry.vendor.example/cde',
  'registry.vendor.example:5000/cde',
  'registry.vendor.example/cde:',
  'registry.vendor.example/cde:0.1.0+x',
  'registry.vendor.example/cde:a/../b',
  'registry.vendor.example/../cde:1',
  'registry.vendor.example//cde:1',
  'Registry.vendor.example/cde:1',
  'user:secret@registry.vendor.example/cde:1',
  'https://registry.vendor.example/cde:1',
  'registry.vendor.example/cde:1\n',
  'registry.vendor.example/cde@sha256:abc',
  `registry.vendor.example/cde@${digest}@${digest}`,
  `registry.vendor.example/cde@${digest.toUpperCase()}`,
  `registry.vendor.example/${'a/'.repeat(200)}cde:1`,
])
  test(`${JSON.stringify(name.slice(0, 60))} names no release`, () => {
    assert.throws(() => parseReleaseName(name), code('USAGE_REFERENCE'))
  })

test('the name of a release follows from its manifest, and the registry from where it is found', () => {
  const manifest = `registry.vendor.example/cde/release@${digest}`
  assert.equal(releaseNameOf(manifest, '1.2.3+build.4'), 'registry.vendor.example/cde/release:1.2.3_build.4')
  for (const registry of ['registry.vendor.example', '10.0.0.5:5000', 'harbor.site.example/mirror/a']) {
    const { repository } = parseReleaseName(atSite(releaseNameOf(manifest, '1.2.3'), registry))
    assert.equal(registryOf(repository, manifest), registry)
  }
  for (const other of ['registry.site.example/cde/other', 'registry.site.example/xcde/release', '/cde/release'])
    assert.equal(registryOf(other, manifest), undefined)
})
