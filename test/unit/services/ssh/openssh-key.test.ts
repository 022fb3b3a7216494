import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import ssh2 from 'ssh2'
import { newOpensshKey, opensshKey } from '../../../../services/ssh/openssh-key.ts'
import { agentFolder, loadHostKey } from '../../../../services/workspace/ssh/host-key.ts'

/** An Ed25519 key whose public half begins with a zero, as one in 256 does. */
function keyWithZero(): { privateKey: KeyObject; x: Buffer } {
  for (;;) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const x = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
    if (x[0] === 0) return { privateKey, x }
  }
}

test('a key whose public half begins with zeros is read, signs, and has all of its bytes', () => {
  const { privateKey, x } = keyWithZero()
  const key = ssh2.utils.parseKey(opensshKey(privateKey))
  assert.ok(!(key instanceof Error), String(key))
  assert.deepEqual(key.getPublicSSH().subarray(-32), x)
  assert.equal(key.verify('text', key.sign('text') as Buffer), true)
})

test('new keys are read by the SSH library, every one', () => {
  for (let i = 0; i < 1000; i++) assert.ok(!(ssh2.utils.parseKey(newOpensshKey()) instanceof Error))
})

test('a host key that cannot be read is replaced, one that can is kept', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'home-'))
  t.after(() => rm(home, { recursive: true }))
  const file = join(agentFolder(home), 'ssh_host_ed25519_key')
  await mkdir(agentFolder(home))
  await writeFile(file, 'damaged')
  const made = await loadHostKey(home)
  assert.ok(!(ssh2.utils.parseKey(made) instanceof Error))
  assert.equal(await loadHostKey(home), made)
  assert.equal(await readFile(file, 'utf8'), made)
})
