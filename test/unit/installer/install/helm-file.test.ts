import assert from 'node:assert/strict'
import { test } from 'node:test'
import { helmFile } from '../../../../installer/src/install/helm-file.ts'
import { code } from '../../../fixtures/code.ts'

const digest = `sha256:${'a'.repeat(64)}`
const release = (...files: [name: string, platform?: string][]) => ({
  name: 'cde',
  version: '1.0.0',
  files: files.map(([name, platform]) => ({ name, digest, ...(platform === undefined ? {} : { platform }) })),
})
const x64 = { platform: 'linux', arch: 'x64' }
const arm64 = { platform: 'linux', arch: 'arm64' }

test('a machine gets the helm that is for it', () => {
  const both = release(['license-tiers'], ['helm', 'linux/amd64'], ['helm-linux-arm64', 'linux/arm64'])
  assert.equal(helmFile(both, x64), 'helm')
  assert.equal(helmFile(both, arm64), 'helm-linux-arm64')
  assert.equal(helmFile(release(['helm', 'linux/arm64/v8']), arm64), 'helm')
  assert.equal(helmFile(release(['helm']), arm64), 'helm', 'a helm that does not say what it is for')
})

test('a machine that no helm is for is named before anything is run', () => {
  for (const files of [[['helm', 'linux/amd64']], [['helmet', 'linux/arm64']], []] as [string, string][][])
    assert.throws(() => helmFile(release(...files), arm64), code('BUNDLE_NOT_FOUND'))
  assert.throws(() => helmFile(release(['helm', 'linux/amd64']), arm64), /brings no helm for linux\/arm64/)
})
