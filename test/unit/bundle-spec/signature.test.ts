import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { keyHint, verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, Verifier } from '@sigstore/verify'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { licenseKeys, signingKeys } from '../../fixtures/release.ts'

const message = Buffer.from('{"schemaVersion":2}')
const keys = signingKeys()
const signed = signMessage(message, keys.privateKey)

test('a signature holds for its message and its key', () => {
  const key = verifyMessage(message, signed, [signingKeys().publicKey, keys.publicKey])
  assert.equal(keyHint(key), keyHint(createPublicKey(keys.publicKey)))
})

test('the same message and key give the same bytes', () =>
  assert.deepEqual(signMessage(message, keys.privateKey), signed))

test('an altered message is noticed', () => {
  assert.throws(
    () => verifyMessage(Buffer.from('{"schemaVersion":3}'), signed, [keys.publicKey]),
    code('BUNDLE_SIGNATURE'),
  )
})

test('a key or certificate inside the signature file is not used', () => {
  const attacker = signingKeys()
  const file = JSON.parse(Buffer.from(signMessage(message, attacker.privateKey)).toString())
  file.verificationMaterial.publicKey.rawBytes = attacker.publicKey
  assert.throws(
    () => verifyMessage(message, Buffer.from(JSON.stringify(file)), [keys.publicKey]),
    code('BUNDLE_UNTRUSTED'),
  )
})

test('the hint of a trusted key does not help the signature of another', () => {
  const file = JSON.parse(Buffer.from(signMessage(message, signingKeys().privateKey)).toString())
  file.verificationMaterial.publicKey.hint = keyHint(createPublicKey(keys.publicKey))
  assert.throws(
    () => verifyMessage(message, Buffer.from(JSON.stringify(file)), [keys.publicKey]),
    code('BUNDLE_SIGNATURE'),
  )
})

test('other spellings of the same signature are refused', () => {
  for (const text of [`${Buffer.from(signed)} `, Buffer.from(signed).toString().replace(',', ', ')])
    assert.throws(() => verifyMessage(message, Buffer.from(text), [keys.publicKey]), code('BUNDLE_SIGNATURE'))
})

test('a key of another kind is refused for signing and for trust', () => {
  assert.throws(() => signMessage(message, licenseKeys().privateKey), code('USAGE_SIGNING_KEY'))
  assert.throws(() => verifyMessage(message, signed, [licenseKeys().publicKey]), code('USAGE_TRUST'))
  assert.throws(() => signMessage(message, 'no key'), code('USAGE_SIGNING_KEY'))
})

test("Sigstore's own verifier accepts the signature without a transparency log", () => {
  const entity = toSignedEntity(bundleFromJSON(JSON.parse(Buffer.from(signed).toString())), message)
  const material = {
    publicKey: () => ({ publicKey: createPublicKey(keys.publicKey), validFor: () => true }),
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
  }
  const verifier = new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 })
  verifier.verify(entity)
  const other = toSignedEntity(bundleFromJSON(JSON.parse(Buffer.from(signed).toString())), Buffer.from('other'))
  assert.throws(() => verifier.verify(other))
})

test('openssl accepts the signature', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = (name: string) => join(directory, name)
  const { messageSignature } = JSON.parse(Buffer.from(signed).toString())
  await writeFile(path('message'), message)
  await writeFile(path('signature'), Buffer.from(messageSignature.signature, 'base64'))
  await writeFile(path('pub'), keys.publicKey)
  const output = execFileSync('openssl', [
    'dgst',
    '-sha256',
    '-verify',
    path('pub'),
    '-signature',
    path('signature'),
    path('message'),
  ])
  assert.match(output.toString(), /Verified OK/)
})
