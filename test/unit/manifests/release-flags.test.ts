import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKeys } from '../../fixtures/release.ts'

const main = join(import.meta.dirname, '../../../manifests/release/main.ts')

const refused = (args: string[], environment = {}): string => {
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, SEALIFT_KEY_PASSPHRASE: '', ...environment },
  })
  assert.equal(status, 2, stderr)
  return stderr
}

test('a release is not made while it is open who signs it', () => {
  for (const args of [[], ['--key', 'vendor.key', '--unsigned'], ['--sign']])
    assert.match(refused(args), /^USAGE_FLAG: /)
})

test('a release is not made with a key that does not sign', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'vendor.key')
  assert.match(refused(['--key', path]), /^USAGE_FILE: /)
  const { privateKey, publicKey } = signingKeys()
  await writeFile(path, publicKey)
  assert.match(refused(['--key', path]), /^USAGE_SIGNING_KEY: /)
  await writeFile(path, encryptPrivateKey(createPrivateKey(privateKey), 'secret'))
  assert.match(refused(['--key', path]), /passphrase/)
  assert.match(refused(['--key', path], { SEALIFT_KEY_PASSPHRASE: 'other' }), /passphrase/)
})
