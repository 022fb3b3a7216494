import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallBundle } from '../fixtures/release.ts'

test('skopeo reads every image of a bundle as it stands', async (t) => {
  const { path } = await smallBundle(await temporaryDirectory(t))
  for (const name of ['manager', 'workspace']) {
    const reference = `registry.sealift.example/cde/${name}:0.1.0`
    const manifest = JSON.parse(
      execFileSync('skopeo', ['inspect', '--raw', `oci-archive:${path}:${reference}`], { encoding: 'utf8' }),
    )
    assert.equal(manifest.layers.length, 2)
  }
})

test('GNU tar lists a bundle in the order of the specification', async (t) => {
  const { path } = await smallBundle(await temporaryDirectory(t))
  const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n')
  assert.deepEqual(names.slice(0, 3), ['oci-layout', 'index.json', 'index.json.sigstore.json'])
  assert.deepEqual(names.slice(3), names.slice(3).sort())
  assert.ok(names.slice(3).every((name) => /^blobs\/sha256\/[0-9a-f]{64}$/.test(name)))
})
