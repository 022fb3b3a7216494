import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stanza } from 'age-encryption'
import { passphraseIdentity, passphraseRecipient } from '../../../../installer/src/backup/file/passphrase.ts'

const fileKey = Buffer.alloc(16, 1)

test('a passphrase opens what it has wrapped, and another one does not', async () => {
  const stanzas = await passphraseRecipient('correct horse').wrapFileKey(fileKey)
  assert.deepEqual(await passphraseIdentity('correct horse').unwrapFileKey(stanzas), fileKey)
  assert.equal(await passphraseIdentity('battery staple').unwrapFileKey(stanzas), null)
})

test('a header that asks for more work and memory than ours, or for no whole number, is refused before any of it', async () => {
  const [own] = await passphraseRecipient('correct horse').wrapFileKey(fileKey)
  for (const work of ['17', '18', '22', '1e1000', '1.5', '0', '-1', 'x', '']) {
    const stanza = new Stanza(['scrypt', own?.args[1] as string, work], own?.body as Uint8Array)
    await assert.rejects(
      async () => await passphraseIdentity('correct horse').unwrapFileKey([stanza]),
      /its header/,
      work,
    )
  }
})
