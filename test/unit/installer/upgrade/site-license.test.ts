import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { issueLicense, type LicenseClaims } from '@sealift/bundle-spec/license.ts'
import type { Release } from '@sealift/bundle-spec/release.ts'
import { parseAnswers } from '../../../../installer/src/answers/read.ts'
import { bestLicense } from '../../../../installer/src/upgrade/site-license.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const day = 86_400
const now = Math.floor(Date.now() / 1000)
const license = (ends: number, more: Partial<LicenseClaims> = {}) =>
  issueLicense(
    {
      ...{ id: `ends ${ends}`, customer: 'Bank', tier: 'enterprise', features: { airgap: true, seats: 5 } },
      ...{
        iat: now - 900 * day,
        nbf: now - 900 * day,
        license_expires: now + ends * day,
        exp: now + (ends + 30) * day,
      },
      ...more,
    },
    privateKey,
  )
const release = { images: [], licenseKeys: [publicKey.export({ type: 'spki', format: 'pem' })] } as unknown as Release
const answers = parseAnswers(
  `apiVersion: sealift.dev/v1
kind: Answers
mode: airgapped
bundle: b
license: l
trust: [k]
registry: {kind: existing, address: r.example}
host: cde.site.example
`,
  '/site/answers.yaml',
)

test('the best license counts: one in its term before one in its grace, whenever it was uploaded', async () => {
  const [grace, good, lapsed] = [await license(-10), await license(100), await license(-100)]
  assert.equal(await bestLicense([lapsed, grace, good], answers, release), good)
  assert.equal(await bestLicense([lapsed, grace], answers, release), grace)
})

test('what does not allow an air-gapped site does not count, nor what is none; where none does, the first is told of', async () => {
  const free = await license(100, { tier: 'free', features: { airgap: false, seats: 5 } })
  const good = await license(100)
  assert.equal(await bestLicense([free, 'nonsense', good], answers, release), good)
  assert.equal(await bestLicense([free, 'nonsense'], answers, release), free)
  assert.equal(await bestLicense([], answers, release), undefined)
})
