import assert from 'node:assert/strict'
import { chmod, link, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readAllowlistFile } from '../../installer/src/allowlist/read.ts'
import { readAnswers } from '../../installer/src/answers/read.ts'
import { openBackup } from '../../installer/src/backup/file/open.ts'
import { defaultValues } from '../../installer/src/build/allowlist.ts'
import { packChart } from '../../installer/src/build/chart.ts'
import { type FileOptions, fileArtifacts } from '../../installer/src/build/files.ts'
import { attachSboms } from '../../installer/src/build/sbom.ts'
import { type ReleaseSource, readSource } from '../../installer/src/build/source.ts'
import { readVsix } from '../../installer/src/build/vsix.ts'
import { given } from '../../installer/src/checks/offline/given.ts'
import { keyOf, protectionOf } from '../../installer/src/cli/backup-options.ts'
import { readText } from '../../installer/src/cli/files.ts'
import { readRegistries } from '../../installer/src/cli/registries-file.ts'
import { contextsOf } from '../../installer/src/cluster/connection.ts'
import { findTarget } from '../../installer/src/diagnose/target.ts'
import { readSmallFile } from '../../installer/src/input/small-file.ts'
import { readLicenseFile } from '../../installer/src/install/license-file.ts'
import { small } from '../../installer/src/install/small-file.ts'
import { archiveStore } from '../../installer/src/stores/archive/open.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { fileStore } from '../../installer/src/stores/files.ts'
import { layoutStore } from '../../installer/src/stores/layout/open.ts'
import { memoryStore } from '../../installer/src/stores/memory.ts'
import { readDockerConfig } from '../../installer/src/stores/registry/docker-config.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { oddFiles, oddTexts } from '../fixtures/odd-files.ts'

/** A directory in which `name` is what a test is about. */
async function around(path: string, name: string, others: Record<string, string> = {}): Promise<string> {
  const directory = await mkdtemp(join(base, 'around-'))
  // a chart may hold no links
  await link(path, join(directory, name)).catch(() => symlink(path, join(directory, name)))
  for (const [other, text] of Object.entries(others)) await writeFile(join(directory, other), text)
  return directory
}

const migrations = (path: string) =>
  fileArtifacts([{ name: 'migrations' }], {
    ...{ made: memoryStore(), local: fileStore(), given: { migrations: path } },
    ...{ downloads: undefined as unknown as FileOptions['downloads'], repository: 'registry.example/f', tag: '1' },
  })

const sbom = (path: string) =>
  attachSboms(
    { images: [{ sbom: path }], placeOf: () => 'release.yaml:9' } as unknown as ReleaseSource,
    [{ image: { name: 'a', descriptor: {} }, repository: 'r' }] as unknown as Parameters<typeof attachSboms>[1],
    memoryStore(),
  )

/** what `around` makes is in it */
let base = ''
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'sealift-test-'))
})
after(() => rm(base, { recursive: true, force: true }))

/** Whatever takes a small text: its code, and how it is read. `absent` is good where there may be none. */
const texts: Readonly<Record<string, { code: string; read: (path: string) => unknown; absent?: true }>> = {
  answers: { code: 'USAGE_ANSWERS', read: readAnswers },
  'answers of a diagnosis': { code: 'USAGE_ANSWERS', read: (answers) => findTarget({ answers }) },
  'a file that an answer names': { code: 'USAGE_ANSWERS', read: (path) => small(path, 'proxy.loginFile') },
  'a file that a check reads': {
    code: 'USAGE_ANSWERS',
    read: (path) => given({ trust: [path] }, []).content('/trust/0'),
  },
  'a license that an answer names': { code: 'USAGE_LICENSE_FILE', read: readLicenseFile },
  'a file that a flag names': { code: 'USAGE_FILE', read: (path) => readText(path, 'key') },
  'a passphrase': { code: 'USAGE_BACKUP_KEY', read: (passphraseFile) => keyOf({ passphraseFile }) },
  'an identity of age': { code: 'USAGE_BACKUP_KEY', read: (identity) => keyOf({ identity }) },
  'recipients of age': {
    code: 'USAGE_BACKUP_KEY',
    read: (recipientsFile) => protectionOf({ recipient: [], recipientsFile }),
  },
  'the registries file': { code: 'USAGE_REGISTRIES', read: readRegistries },
  'a CA that the registries file names': {
    code: 'USAGE_FILE',
    read: async (path) =>
      readRegistries(
        join(await around(path, 'ca.pem', { 'r.yaml': 'registries: {a.example: {ca: ca.pem}}\n' }), 'r.yaml'),
      ),
  },
  "docker's configuration": { code: 'USAGE_DOCKER_CONFIG', read: readDockerConfig, absent: true },
  'a kubeconfig': { code: 'CLUSTER_KUBECONFIG', read: (kubeconfig) => contextsOf({ kubeconfig }) },
  'release.yaml': { code: 'BUILD_SOURCE', read: readSource },
  'Chart.yaml': { code: 'BUILD_CHART', read: async (path) => packChart(await around(path, 'Chart.yaml')) },
  'values.yaml of a chart': {
    code: 'BUILD_CHART',
    read: async (path) =>
      defaultValues({ chart: { path: await around(path, 'values.yaml'), reference: 'registry.example/c' } }),
    absent: true,
  },
  'an SBOM': { code: 'BUILD_SBOM', read: sbom },
}

/** What is read as bytes, or as a stream, with the codes that it may end with. */
const others: Readonly<Record<string, { codes: RegExp; read: (path: string) => unknown }>> = {
  'an allowlist': { codes: /^USAGE_ALLOWLIST$/, read: readAllowlistFile },
  'the list of migrations': { codes: /^(USAGE_FILE|BUNDLE_JSON|BUNDLE_LIMIT)$/, read: migrations },
  'a file of a release': { codes: /^USAGE_FILE$/, read: (path) => fileStore().add(path, 'text/plain') },
  'a VSIX': { codes: /^BUILD_EXTENSION$/, read: (path) => readVsix(path, 'release.yaml:9') },
  'an archive of docker': { codes: /^STORAGE_ARCHIVE$/, read: (path) => archiveStore(path) },
  'the index of an OCI layout': {
    codes: /^(STORAGE_LAYOUT|BUNDLE_JSON)$/,
    read: async (path) =>
      layoutStore(await around(path, 'index.json', { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' })),
  },
  'a backup': { codes: /^(USAGE_BACKUP_FILE|BACKUP_FORMAT)$/, read: openBackup },
  'a bundle': { codes: /^BUNDLE_/, read: (path) => openBundle(path, []) },
}

async function failureOf(read: (path: string) => unknown, path: string): Promise<SealiftError> {
  try {
    await read(path)
  } catch (error) {
    assert.ok(error instanceof SealiftError, `${error}`)
    return error
  }
  return assert.fail('it was taken')
}

for (const [what, make] of Object.entries(oddFiles))
  test(`${what} in the place of any input ends with that input's own code`, { timeout: 60_000 }, async (t) => {
    const path = await make(t, await temporaryDirectory(t))
    for (const [name, { code, read, absent }] of Object.entries(texts)) {
      if (absent && what === 'nothing') continue
      const { code: was, why, message } = await failureOf(read, path)
      assert.equal(was, code, `${name}: ${message}`)
      assert.ok(why, `${name}: ${message}`)
    }
    for (const [name, { codes, read }] of Object.entries(others)) {
      // that much is none too large a file of a release
      if (name === 'a file of a release' && what === 'a file of 128 MiB') continue
      assert.match((await failureOf(read, path)).code, codes, name)
    }
  })

for (const [what, bytes] of Object.entries(oddTexts))
  test(`${what} in the place of any text ends with that text's own code`, async (t) => {
    const path = join(await temporaryDirectory(t), 'text')
    await writeFile(path, bytes)
    for (const [name, { code, read }] of Object.entries(texts)) {
      const { code: was, message, why } = await failureOf(read, path)
      assert.equal(was, code, `${name}: ${message}`)
      assert.match(`${message} ${why}`, what.includes('mark') ? /UTF-16/ : /UTF-8/, name)
    }
  })

test('the mark that some editors put before UTF-8 is taken off', async (t) => {
  const path = join(await temporaryDirectory(t), 'login')
  await writeFile(path, '\ufeffuser:password\n')
  assert.equal(small(path, 'proxy.loginFile'), 'user:password\n')
})

test('the limit holds for what a file has, whatever it says that it has', async () => {
  const refuse = (why: string) => new Error(why)
  // a file of /proc says that it has 0 bytes
  assert.ok(readSmallFile('/proc/self/status', 64 * 1024, refuse).length > 100)
  assert.throws(() => readSmallFile('/proc/self/status', 100, refuse), { message: 'it is larger than 100 bytes' })
  await assert.rejects(fileStore().add('/proc/self/status', 'text/plain'), { code: 'USAGE_FILE', why: /changed/ })
})

test('what may not be read is said so', { skip: process.getuid?.() === 0 && 'root may read everything' }, async (t) => {
  const path = join(await temporaryDirectory(t), 'key')
  await writeFile(path, 'text')
  await chmod(path, 0)
  assert.match((await failureOf((file) => readText(file, 'key'), path)).why ?? '', /may not read/)
})

test('a name with a NUL byte, or of 5,000 characters, and a link in a circle are refused', async (t) => {
  const loop = join(await temporaryDirectory(t), 'loop')
  await symlink(loop, loop)
  for (const path of ['a\0b', 'a'.repeat(5000), loop]) {
    assert.equal((await failureOf((file) => readText(file, 'key'), path)).code, 'USAGE_FILE')
    assert.equal((await failureOf((file) => fileStore().add(file, 'text/plain'), path)).code, 'USAGE_FILE')
  }
})

test('a FIFO that a kubeconfig names is not waited for', async (t) => {
  const directory = await temporaryDirectory(t)
  const fifo = await (oddFiles['a FIFO'] as (typeof oddFiles)[string])(t, directory)
  const file = join(directory, 'kubeconfig')
  const { connectCluster } = await import('../../installer/src/cluster/connection.ts')
  const named = [
    [`certificate-authority: ${fifo}`, ''],
    ['insecure-skip-tls-verify: true', `client-certificate: ${fifo}`],
  ]
  for (const [cluster, user] of named) {
    await writeFile(
      file,
      `clusters: [{name: a, cluster: {server: "https://a.example", ${cluster}}}]\nusers: [{name: a, user: {${user}}}]\n` +
        'contexts: [{name: a, context: {cluster: a, user: a}}]\ncurrent-context: a\n',
    )
    const connect = () => connectCluster({ kubeconfig: file }, new AbortController().signal)
    assert.match((await failureOf(connect, file)).why ?? '', /a pipe/)
  }
})
