import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { copyFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { issueLicense, type LicenseClaims } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, licenseKeys, signingKeys, smallRelease } from '../../fixtures/release.ts'
import { editRelease, type Loose, reseal } from '../../fixtures/reseal.ts'
import { runSealift } from '../../lab/demo-sealift.ts'

/** A bundle with its key and a way to write licenses for it, all as files. */
async function files(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const { options, trust, licenseKey } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  const pub = join(directory, 'vendor.pub')
  await writeFile(pub, trust[0] as string)
  const license = async (changes: Partial<LicenseClaims>, key = licenseKey) => {
    const file = join(directory, 'license')
    await writeFile(file, await issueLicense(claims(changes), key))
    return file
  }
  return { directory, path, pub, license }
}

/** Runs the CLI and checks how it ends: exit code, error code, and that the error is short and on stderr. */
async function ends(exitCode: number, code: string, ...args: string[]): Promise<void> {
  const result = await runSealift(args, { timeout: 30_000 })
  assert.equal(result.exitCode, exitCode, result.stderr)
  assert.match(result.stderr, new RegExp(`\\[${code}\\]`))
  const error = result.stderr.slice(result.stderr.indexOf('error ')).trim().split('\n')
  assert.ok(error.length <= 6, result.stderr)
}

test('a bundle that is missing, truncated or altered, or signed by an unknown key, ends verify with 3', async (t) => {
  const { directory, path, pub } = await files(t)
  const verify = (bundle: string, key = pub) => ['bundle', 'verify', bundle, '--trust', key]
  await ends(3, 'BUNDLE_MISSING', ...verify(join(directory, 'none')))
  const stranger = join(directory, 'stranger.pub')
  await writeFile(stranger, signingKeys().publicKey)
  await ends(3, 'BUNDLE_UNTRUSTED', ...verify(path, stranger))
  const bytes = await readFile(path)
  const at = bytes.indexOf('xxxx')
  await writeFile(path, Buffer.concat([bytes.subarray(0, at), Buffer.from('y'), bytes.subarray(at + 1)]))
  await ends(3, 'BUNDLE_CONTENT', ...verify(path))
  await truncate(path, bytes.length - 700)
  await ends(3, 'BUNDLE_TRUNCATED', ...verify(path))
})

test('a bundle that is rightly signed and is not what its release names ends every command with 3', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  const good = join(directory, 'good.bundle')
  await copyFile(path, good)
  await reseal(path, { ...options, trust }, (index, put, take) => {
    const file = index.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'file')
    const document = take(file.digest)
    document.layers.push({ ...document.layers[0] })
    const { digest } = Object.assign(file, put(document))
    editRelease(index, put, take, ({ files }) => {
      files[0].digest = digest
    })
  })
  const [pub, license, key] = ['vendor.pub', 'my.license', 'key.pem'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(pub, trust[0] as string)
  await writeFile(license, options.license)
  await writeFile(key, options.signingKey)
  const out = join(directory, 'out')
  for (const [command, ...more] of [
    ['bundle verify'],
    ['bundle inspect'],
    ['bundle extract', 'tool', '--out', out],
    ['bundle split', '--part-size', '10MB', '--key', key, '--out', out],
    ['seed', '--dry-run', '--to', '127.0.0.1:9', '--license', license],
    ['seed', '--to', '127.0.0.1:9', '--license', license],
    ['serve', '--listen', '127.0.0.1:0', '--license', license],
  ] as [string, ...string[]][])
    await ends(3, 'BUNDLE_RELEASE', ...command.split(' '), path, ...more, '--trust', pub)
  await ends(3, 'BUNDLE_RELEASE', 'bundle', 'diff', good, path, '--trust', pub)
})

test('a license that is free, ended, forged or none ends serve, seed and install with 4, before anything is done', async (t) => {
  const { directory, path, pub, license } = await files(t)
  await writeFile(join(directory, 'kubeconfig'), '{}')
  const install = (mode: string, registry: string) => (file: string) => {
    const answers = join(directory, `${mode}-${registry}.json`)
    const kinds = { kind: registry, address: '127.0.0.1:9' }
    const what = { apiVersion: 'sealift.dev/v1', kind: 'Answers', mode, bundle: path, license: file, trust: [pub] }
    writeFileSync(answers, JSON.stringify({ ...what, kubeconfig: 'kubeconfig', registry: kinds, host: 'cde.example' }))
    return ['install', '--headless', `--answers=${answers}`, `--state=${join(directory, 'install')}`]
  }
  const serve = (file: string) => [
    'serve',
    path,
    '--listen=127.0.0.1:0',
    `--state=${join(directory, 'serve')}`,
    `--trust=${pub}`,
    `--license=${file}`,
  ]
  const seed = (file: string) => ['seed', path, '--to=127.0.0.1:9', `--trust=${pub}`, `--license=${file}`]
  const installs = [install('connected', 'seed'), install('restricted', 'serve'), install('connected', 'existing')]
  for (const command of [serve, seed, ...installs]) {
    await ends(4, 'LICENSE_AIRGAP', ...command(await license({ tier: 'free' })))
    await ends(4, 'LICENSE_EXPIRED', ...command(await license({ nbf: 1, license_expires: 2, exp: 3 })))
    await ends(4, 'LICENSE_FORGED', ...command(await license({}, licenseKeys().privateKey)))
    await ends(4, 'LICENSE_MALFORMED', ...command(pub))
  }
  await assert.rejects(readFile(join(directory, 'serve', 'ca.crt')), { code: 'ENOENT' })
  await assert.rejects(readdir(join(directory, 'install', 'files')), { code: 'ENOENT' })
})

test('a registry that is not there ends seed with 5', async (t) => {
  const { path, pub, license } = await files(t)
  await ends(
    5,
    'REGISTRY_UNREACHABLE',
    'seed',
    path,
    '--to=127.0.0.1:9',
    `--trust=${pub}`,
    `--license=${await license({})}`,
  )
})

test('unknown words and an answers file with an unknown field end with 2', async (t) => {
  const { directory } = await files(t)
  await ends(2, 'USAGE_ARGUMENTS', 'bundel')
  await ends(2, 'USAGE_ARGUMENTS', 'bundle', 'verify')
  await ends(2, 'USAGE_ARGUMENTS', 'bundle', 'verify', 'x', '--trust=y', '--frobnicate')
  const answers = join(directory, 'answers.yaml')
  await writeFile(answers, 'apiVersion: sealift.dev/v1\nkind: Answers\nlicence: x\n')
  await ends(2, 'USAGE_ANSWERS', 'install', '--headless', `--answers=${answers}`)
})

test('with --json a failure is one document on stdout', async (t) => {
  const { directory, pub } = await files(t)
  const { exitCode, stdout, stderr } = await runSealift([
    'bundle',
    'verify',
    join(directory, 'none'),
    `--trust=${pub}`,
    '--json',
  ])
  assert.equal(stderr, '')
  const { error } = JSON.parse(stdout)
  assert.equal(error.exitCode, exitCode)
  assert.equal(error.code.split('_')[0], 'BUNDLE')
})

test('every command shows an example in its help', async () => {
  const commands = [
    'bundle build',
    'bundle verify',
    'bundle inspect',
    'serve',
    'seed',
    'install',
    'keys generate',
    'license issue',
    'license inspect',
  ]
  for (const command of commands) {
    const { stdout, exitCode } = await runSealift([...command.split(' '), '--help'])
    assert.equal(exitCode, 0)
    assert.match(stdout, new RegExp(`Examples:\\s+sealift ${command}`), command)
  }
})
