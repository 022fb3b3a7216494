import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encryptPrivateKey } from '@sealift/bundle-spec/private-key.ts'
import { verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { makeRelease } from '../../../manifests/release/release.ts'
import { sha256Of } from '../../../manifests/release/sums.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { signingKeys } from '../../fixtures/release.ts'
import { run } from '../../lab/command.ts'

const checkout = join(import.meta.dirname, '../../..')

/** What `npm run release` makes of this checkout when it lies elsewhere, and little else is as it was. */
async function releaseElsewhere(t: TestContext, privateKey: string): Promise<string> {
  const directory = await temporaryDirectory(t)
  const [there, dist, tmp] = ['a checkout', 'dist', 'tmp'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  for (const made of [there, dist, tmp, join(checkout, 'dist')]) await mkdir(made, { recursive: true })
  await writeFile(join(directory, 'vendor.key'), encryptPrivateKey(createPrivateKey(privateKey), 'secret'))
  const script = `
    mount --bind "$1" "$2" && mount --bind "$3" "$2/dist" && cd / && umask 077
    exec "$4" "$2/manifests/release/main.ts" --key "$5"`
  await run(
    'unshare',
    ['--mount', 'sh', '-c', script, 'sh', checkout, there, dist, process.execPath, join(directory, 'vendor.key')],
    {
      environment: {
        SEALIFT_KEY_PASSPHRASE: 'secret',
        TMPDIR: tmp,
        TZ: 'Pacific/Auckland',
        LC_ALL: 'tr_TR.UTF-8',
        LANG: 'tr_TR.UTF-8',
      },
      timeout: 240_000,
    },
  )
  return join(dist, 'release')
}

test('a release is the same from wherever it is made, and each of its sums and signatures holds', {
  timeout: 500_000,
}, async (t) => {
  if (process.getuid?.() !== 0) {
    if (process.env.CI) assert.fail('another place for the checkout needs root')
    return t.skip('NOT RUN: another place for the checkout needs root')
  }
  const { privateKey, publicKey } = signingKeys()
  const out = join(await temporaryDirectory(t), 'release')
  await makeRelease(out, { pem: privateKey, passphrase: undefined }, () => {})
  const names = (await readdir(out)).sort()
  const { version } = JSON.parse(await readFile(join(checkout, 'installer/package.json'), 'utf8'))
  assert.deepEqual(names, [
    'SHA256SUMS',
    'SHA256SUMS.sig',
    'SHA256SUMS.sigstore.json',
    `sealift-${version}-licenses.txt`,
    `sealift-${version}-linux-arm64`,
    `sealift-${version}-linux-arm64.cdx.json`,
    `sealift-${version}-linux-x64`,
    `sealift-${version}-linux-x64.cdx.json`,
  ])

  const elsewhere = await releaseElsewhere(t, privateKey)
  assert.deepEqual((await readdir(elsewhere)).sort(), names)
  for (const name of names) {
    assert.equal(await sha256Of(join(elsewhere, name)), await sha256Of(join(out, name)), name)
    const modes = [out, elsewhere].map(async (directory) => (await stat(join(directory, name))).mode & 0o777)
    assert.deepEqual(await Promise.all(modes), Array(2).fill(/-linux-[a-z0-9]+$/.test(name) ? 0o755 : 0o644), name)
  }

  // as docs/install.md says it to operators
  const openssl = (...args: string[]) => run('openssl', ['dgst', '-sha256', ...args], { directory: out })
  await writeFile(join(out, 'vendor.pub'), publicKey)
  assert.match(await openssl('-verify', 'vendor.pub', '-signature', 'SHA256SUMS.sig', 'SHA256SUMS'), /Verified OK/)
  assert.match(await run('sha256sum', ['--check', 'SHA256SUMS'], { directory: out }), /linux-x64: OK/)
  const sums = await readFile(join(out, 'SHA256SUMS'))
  verifyMessage(sums, await readFile(join(out, 'SHA256SUMS.sigstore.json')), [publicKey])
  await writeFile(join(out, 'SHA256SUMS'), sums.toString().replace('linux-x64', 'linux-x86'))
  await assert.rejects(openssl('-verify', 'vendor.pub', '-signature', 'SHA256SUMS.sig', 'SHA256SUMS'))

  assert.equal((await run(join(out, `sealift-${version}-linux-x64`), ['--version'])).trim(), version)
  const sbom = JSON.parse(await readFile(join(out, `sealift-${version}-linux-arm64.cdx.json`), 'utf8'))
  const licenses = await readFile(join(out, `sealift-${version}-licenses.txt`), 'utf8')
  assert.ok(sbom.components.length > 20)
  for (const { group, name, version, type } of sbom.components) {
    const title = type === 'application' ? `Node.js ${version}` : `${group ? `${group}/` : ''}${name} ${version}`
    assert.ok(licenses.includes(`\n${title}`), `${title} has no license`)
  }
})
