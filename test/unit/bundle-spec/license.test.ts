import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertLicensed, issueLicense, readLicense, standing } from '@sealift/bundle-spec/license.ts'
import { SignJWT, UnsecuredJWT } from 'jose'
import { code } from '../../fixtures/code.ts'
import { claims, licenseKeys } from '../../fixtures/release.ts'

const keys = licenseKeys()
const paid = claims()
const free = claims({ tier: 'free', features: { airgap: false, seats: 5 } })
const at = (seconds: number) => seconds * 1000

test('a license reads back as it was issued', async () => {
  const token = await issueLicense(paid, keys.privateKey)
  assert.deepEqual(await readLicense(`${token}\n`, [licenseKeys().publicKey, keys.publicKey]), paid)
})

test('a license of another signer, an altered one and an unsigned one are refused', async () => {
  const token = await issueLicense(free, keys.privateKey)
  await assert.rejects(readLicense(token, [licenseKeys().publicKey]), code('LICENSE_FORGED'))
  const [header, , signature] = token.split('.')
  const altered = [header, Buffer.from(JSON.stringify(paid)).toString('base64url'), signature].join('.')
  await assert.rejects(readLicense(altered, [keys.publicKey]), code('LICENSE_FORGED'))
  await assert.rejects(readLicense(new UnsecuredJWT(paid).encode(), [keys.publicKey]), code('LICENSE_MALFORMED'))
  await assert.rejects(readLicense('', [keys.publicKey]), code('LICENSE_MALFORMED'))
})

test('a public key does not serve as an HMAC secret', async () => {
  const token = await new SignJWT(paid).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(keys.publicKey))
  await assert.rejects(readLicense(token, [keys.publicKey]), code('LICENSE_MALFORMED'))
})

test('an expired license can still be read, so that its owner can be named', async () => {
  const old = claims({ nbf: 1000, iat: 1000, license_expires: 2000, exp: 3000 })
  assert.equal((await readLicense(await issueLicense(old, keys.privateKey), [keys.publicKey])).customer, 'Example Bank')
})

test('standing follows the dates', () => {
  const c = claims({ nbf: 100, license_expires: 200, exp: 300 })
  assert.deepEqual(
    [99, 100, 199, 200, 299, 300].map((s) => standing(c, at(s))),
    ['early', 'entitled', 'entitled', 'grace', 'grace', 'expired'],
  )
})

test('a license works through its grace period and not after it', () => {
  const c = claims({ nbf: 100, license_expires: 200, exp: 300 })
  const image = 'registry.example/cde/manager'
  const connected = { act: 'run', mode: 'connected', pulls: [{ from: image, published: image }] } as const
  assertLicensed(c, { act: 'serve' }, at(250))
  assert.throws(() => assertLicensed(c, connected, at(300)), code('LICENSE_EXPIRED'))
  assert.throws(() => assertLicensed(c, connected, at(99)), code('LICENSE_EARLY'))
})

test('a license with missing or foreign claims is not issued', async () => {
  await assert.rejects(
    issueLicense({ ...paid, tier: 'gold' as 'trial' }, keys.privateKey),
    code('USAGE_LICENSE_CLAIMS'),
  )
})
