import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { der, derInteger, derOid, tag } from '@sealift/bundle-spec/der.ts'
import { issueLicense, readLicense } from '@sealift/bundle-spec/license.ts'
import { readSigningKey } from '@sealift/bundle-spec/sign.ts'
import { generateKeys } from '../../../installer/src/license/keys.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, licenseKeys, signingKeys } from '../../fixtures/release.ts'

const passphrase = 'correct horse'

test('a passphrase is derived by 600,000 rounds, and OpenSSL reads the file', async (t) => {
  const directory = await temporaryDirectory(t)
  const { key, pub } = await generateKeys('bundle', join(directory, 'vendor'), passphrase)
  const pem = await readFile(key, 'utf8')
  assert.deepEqual(
    createPublicKey(readSigningKey(pem, passphrase)).export({ type: 'spki', format: 'pem' }),
    await readFile(pub, 'utf8'),
  )
  const asn1 = execFileSync('openssl', ['asn1parse', '-in', key], { encoding: 'utf8' })
  assert.match(asn1, /OBJECT +:PBKDF2\n.*\n.*\n.*INTEGER +:0927C0\n/, '0x0927C0 is 600,000')
  assert.match(asn1, /:hmacWithSHA256\n/)
  const plain = execFileSync('openssl', ['pkey', '-in', key, '-passin', `pass:${passphrase}`], { encoding: 'utf8' })
  assert.equal(createPrivateKey(plain).asymmetricKeyDetails?.namedCurve, 'prime256v1')
  for (const wrong of ['wrong', undefined]) assert.throws(() => readSigningKey(pem, wrong), code('USAGE_SIGNING_KEY'))
})

test('an encrypted license key signs licenses', async (t) => {
  const { key, pub } = await generateKeys('license', join(await temporaryDirectory(t), 'licenses'), passphrase)
  const [secret, open] = (await Promise.all([key, pub].map((path) => readFile(path, 'utf8')))) as [string, string]
  const license = await issueLicense(claims(), secret, passphrase)
  assert.equal((await readLicense(license, [open])).customer, 'Example Bank')
  await assert.rejects(issueLicense(claims(), secret), code('USAGE_LICENSE_KEY'))
})

test('keys that were encrypted before, and by OpenSSL with scrypt, are still read', async (t) => {
  const { privateKey } = signingKeys()
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const
  readSigningKey(createPrivateKey(privateKey).export(options) as string, passphrase)
  readSigningKey(createPrivateKey(privateKey).export({ ...options, type: 'sec1' }) as string, passphrase)
  const file = join(await temporaryDirectory(t), 'plain.key')
  await writeFile(file, privateKey)
  const words = ['pkcs8', '-topk8', '-scrypt', '-in', file, '-passout', `pass:${passphrase}`]
  readSigningKey(execFileSync('openssl', words, { encoding: 'utf8' }), passphrase)
  // a key that is not encrypted takes no passphrase, and one is no harm
  readSigningKey(privateKey)
  readSigningKey(privateKey, passphrase)
})

/** An encrypted key that asks for work; what is encrypted is nothing. */
function asking(derivation: Buffer, scheme = '1.2.840.113549.1.5.13'): string {
  const aes = der(tag.sequence, derOid('2.16.840.1.101.3.4.1.42'), der(tag.octets, Buffer.alloc(16)))
  const algorithm = der(tag.sequence, derOid(scheme), der(tag.sequence, derivation, aes))
  const all = der(tag.sequence, algorithm, der(tag.octets, Buffer.alloc(160))).toString('base64')
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${all}\n-----END ENCRYPTED PRIVATE KEY-----\n`
}
const salt = der(tag.octets, Buffer.alloc(8))
const pbkdf2 = (rounds: Buffer) => der(tag.sequence, derOid('1.2.840.113549.1.5.12'), der(tag.sequence, salt, rounds))
const scrypt = (...work: number[]) =>
  der(tag.sequence, derOid('1.3.6.1.4.1.11591.4.11'), der(tag.sequence, salt, ...work.map(derInteger)))

test('a file that asks for too much work is refused before any is done', async () => {
  const faults: [string, string, RegExp][] = [
    ['2^31 - 1 rounds', asking(pbkdf2(derInteger(2 ** 31 - 1))), /2147483647 rounds/],
    ['one round too many', asking(pbkdf2(derInteger(2_000_001))), /2000001 rounds/],
    ['more rounds than a number holds', asking(pbkdf2(der(tag.integer, Buffer.alloc(20, 0x7f)))), /Infinity rounds/],
    ['fewer than no rounds', asking(pbkdf2(der(tag.integer, Buffer.of(0xff)))), /Infinity rounds/],
    ['no rounds stated', asking(pbkdf2(der(tag.null))), /Infinity rounds/],
    ['scrypt with much to do at once', asking(scrypt(1 << 14, 8, 1000)), /blocks of scrypt/],
    ['scrypt with a large p', asking(scrypt(2, 1, 2 ** 30)), /blocks of scrypt/],
    ['scrypt with a large N', asking(scrypt(2 ** 40, 1, 1)), /blocks of scrypt/],
    ['another derivation', asking(der(tag.sequence, derOid('1.2.3'), der(tag.sequence, salt))), /neither PBKDF2/],
    ['another scheme', asking(pbkdf2(derInteger(1)), '1.2.840.113549.1.5.10'), /PBES2/],
    ['two keys in one file', asking(pbkdf2(derInteger(1))) + asking(pbkdf2(derInteger(2 ** 31 - 1))), /2 private keys/],
    ['no DER', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----', /not one key/],
  ]
  for (const [what, pem, why] of faults) {
    const start = process.cpuUsage()
    assert.throws(
      () => readSigningKey(pem, 'x'),
      (error: Error & { why?: string }) => {
        assert.match(error.why ?? '', why, what)
        return code('USAGE_SIGNING_KEY')(error)
      },
    )
    await assert.rejects(issueLicense(claims(), pem, 'x'), code('USAGE_LICENSE_KEY'))
    assert.ok(process.cpuUsage(start).user < 1_000_000, `${what}: it was worked on`)
  }
})

test('what signs licenses does not sign bundles', () => {
  assert.throws(() => readSigningKey(licenseKeys().privateKey), code('USAGE_SIGNING_KEY'))
})
