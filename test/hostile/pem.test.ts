import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { issueLicense, readLicense, readLicenseKeys } from '@sealift/bundle-spec/license.ts'
import { pemBlocks } from '@sealift/bundle-spec/pem.ts'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { readTrustedKeys, verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { buildBundle } from '../../installer/src/build/build.ts'
import { certificatesIn, certificatesProblem, chainProblem } from '../../installer/src/certificates/chain.ts'
import { createAuthority } from '../../installer/src/certificates/issue.ts'
import { readCa } from '../../installer/src/cli/files.ts'
import { certificateProblem } from '../../installer/src/install/given-certificate.ts'
import { small, smallCa } from '../../installer/src/install/small-file.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { claims, licenseKeys, signingKeys, smallRelease } from '../fixtures/release.ts'

const [one, two] = [signingKeys(), signingKeys()]
const [licenses, other] = [licenseKeys(), licenseKeys()]
const authority = (host: string) =>
  createAuthority(host, [host], { from: new Date(0), to: new Date(Date.now() + 86_400_000) })
const broken = (pem: string) => pem.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA')
const open = (pem: string) => pem.replace(/-----END.*/, '')

test('blocks of PEM are found between whatever stands there, and one that does not end is told of', () => {
  const text = `# a remark\n${one.publicKey}\r\nsubject=a\n${two.publicKey}`
  assert.deepEqual(
    pemBlocks(text).map(({ label }) => label),
    ['PUBLIC KEY', 'PUBLIC KEY'],
  )
  assert.throws(() => pemBlocks(open(one.publicKey) + two.publicKey), /block 1, PUBLIC KEY, is begun and not ended/)
})

test('of a file with several trusted keys each one counts, and a broken one among them refuses all', () => {
  const message = Buffer.from('{}')
  for (const { privateKey } of [one, two])
    verifyMessage(message, signMessage(message, privateKey), [one.publicKey + two.publicKey])
  const bad = [
    one.publicKey + broken(two.publicKey),
    one.publicKey + open(two.publicKey),
    one.publicKey + one.privateKey,
    one.privateKey,
    one.publicKey + licenses.publicKey,
    '',
    'ssh-ed25519 AAAA',
  ]
  for (const pem of bad) assert.throws(() => readTrustedKeys(pem), code('USAGE_TRUST'), pem)
})

test('of a file with several keys of licenses each one counts, and a broken one among them refuses all', async (t) => {
  const both = other.publicKey + licenses.publicKey
  for (const { privateKey } of [licenses, other]) await readLicense(await issueLicense(claims(), privateKey), [both])
  const bad = [licenses.publicKey + broken(other.publicKey), licenses.privateKey, one.publicKey, 'text', '']
  for (const pem of bad) assert.throws(() => readLicenseKeys(pem), code('USAGE_LICENSE_KEY'), pem)
  // built with good keys and a bad one, where the good one has signed
  const { options } = await smallRelease(await temporaryDirectory(t))
  for (const pem of bad)
    await assert.rejects(
      buildBundle({ ...options, licenseKeys: [...options.licenseKeys, pem] }),
      code('USAGE_LICENSE_KEY'),
    )
  const { release } = await buildBundle({ ...options, licenseKeys: [options.licenseKeys[0] + both] })
  assert.equal(release.licenseKeys.length, 3)
  for (const key of release.licenseKeys) assert.equal(pemBlocks(key).length, 1)
})

test('a file with several private keys signs nothing', async () => {
  const several = [one.privateKey + two.privateKey, two.privateKey + broken(one.privateKey)]
  for (const pem of several) assert.throws(() => signMessage(Buffer.from('a'), pem), code('USAGE_SIGNING_KEY'))
  await assert.rejects(issueLicense(claims(), licenses.privateKey + other.privateKey), code('USAGE_LICENSE_KEY'))
  // what else openssl writes into such a file does no harm
  signMessage(Buffer.from('a'), `read EC key\n${one.publicKey}${one.privateKey}`)
})

test('a file of CAs is taken whole, or refused', async (t) => {
  const file = join(await temporaryDirectory(t), 'ca.pem')
  const [a, b] = [await authority('a.example'), await authority('b.example')]
  await writeFile(file, `a remark\n${a.certificate}${b.certificate}`)
  assert.equal(pemBlocks(await readCa(file)).length, 2)
  assert.equal(pemBlocks(smallCa(file, 'registry.caFile')).length, 2)
  const chain = certificatesIn(a.certificate)
  assert.equal(chainProblem(chain, certificatesIn(b.certificate.repeat(50) + a.certificate)), undefined)
  const bad = [
    a.certificate + broken(b.certificate),
    a.certificate + open(b.certificate),
    a.certificate + a.key,
    a.certificate + one.publicKey,
    one.publicKey,
    'text',
    '',
  ]
  for (const pem of bad) {
    await writeFile(file, pem)
    assert.ok(certificatesProblem(pem), pem)
    await assert.rejects(readCa(file), code('USAGE_FILE'), pem)
    assert.throws(() => smallCa(file, 'registry.caFile'), code('USAGE_ANSWERS'), pem)
    assert.equal(small(file, 'x'), pem)
  }
})

test("a site's certificate comes without keys, its key alone or with certificates", async () => {
  const { certificate, key } = await authority('a.example')
  const problem = (cert: string, secret: string) => certificateProblem(cert, secret, 'a.example')
  const good = problem(certificate, key)
  assert.doesNotMatch(good ?? '', /PEM|private/)
  assert.equal(problem(certificate, certificate + key), good)
  assert.match(problem(certificate + key, key) ?? '', /a file of its own/)
  assert.match(problem(certificate + broken(certificate), key) ?? '', /certificate 2 of 2 is damaged/)
  const another = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  assert.match(problem(certificate, key + another) ?? '', /2 private keys/)
})
