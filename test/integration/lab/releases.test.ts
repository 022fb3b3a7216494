import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'
import { readMigrations } from '../../../services/manager/migration.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { run } from '../../lab/command.ts'
import { writeImageArchive } from '../../lab/image.ts'
import { startRegistry } from '../../lab/registry.ts'
import { deriveChart } from '../../lab/releases/derive-chart.ts'
import { deriveImage, type ImageChange } from '../../lab/releases/derive-image.ts'
import { writeSource } from '../../lab/releases/release-source.ts'
import { release11, release11irreversible, release11rewriting, release12 } from '../../lab/releases/releases.ts'
import { helmBinary } from '../../lab/tools.ts'

const broken = (name: string) => fileURLToPath(new URL(`../../lab/releases/broken/${name}`, import.meta.url))
const chart = fileURLToPath(new URL('../../../manifests/chart', import.meta.url))

async function imageAt(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const registry = await startRegistry({ directory, tls: true })
  t.after(() => registry.stop())
  const { host, caFile = '' } = registry
  await mkdir(join(directory, 'trust'))
  await copyFile(caFile, join(directory, 'trust/ca.crt'))
  await writeImageArchive(join(directory, 'image.tar'), '/bin/true', 'vendor.example/true:1')
  await run('skopeo', [
    ...['--insecure-policy', 'copy', '--quiet', '--format=oci', `--dest-cert-dir=${join(directory, 'trust')}`],
    ...[`oci-archive:${directory}/image.tar`, `docker://${host}/cde/one:1`],
  ])
  const store = registryStore({
    registries: { [host]: { caPem: await readFile(caFile, 'utf8') } },
    dockerConfig: false,
    proxy: {},
  })
  t.after(() => store.close())
  const { digest } = await store.resolve(`${host}/cde/one:1`)
  const document = async (reference: string) => JSON.parse(Buffer.from((await store.read(reference)).bytes).toString())
  const blob = async (repository: string, descriptor: Parameters<typeof store.open>[1]) =>
    Buffer.concat(
      await Array.fromAsync(await store.open(`${host}/${repository}`, descriptor), (one) => Buffer.from(one)),
    )
  const from = `${host}/cde/one@${digest}`
  const derive = (name: string, change?: ImageChange) => deriveImage(store, from, `${host}/cde/${name}`, change)
  return { host, digest, derive, document, blob }
}

test('a derived image is the old one with a layer more, and the same change makes the same image', async (t) => {
  const { host, digest, derive, document, blob } = await imageAt(t)
  const change = { files: { 'app/more.txt': 'more\n' }, labels: { version: '2' }, entrypoint: ['/bin/false'] }
  const derived = await derive('two:2', change)
  assert.equal(await derive('three:2', { ...change }), derived)
  assert.notEqual(await derive('two:3', { ...change, labels: { version: '3' } }), derived)
  const [before, after] = [await document(`${host}/cde/one@${digest}`), await document(`${host}/cde/two:2`)]
  assert.deepEqual(after.layers.slice(0, -1), before.layers)
  const config = JSON.parse((await blob('cde/two', after.config)).toString())
  assert.deepEqual([config.config.Labels.version, config.config.Entrypoint], ['2', ['/bin/false']])
  const tar = gunzipSync(await blob('cde/two', after.layers.at(-1)))
  assert.equal(config.rootfs.diff_ids.at(-1), `sha256:${createHash('sha256').update(tar).digest('hex')}`)
  assert.equal(config.rootfs.diff_ids.length, after.layers.length)
  assert.equal(await run('tar', ['--extract', '--to-stdout', 'app/more.txt'], { input: tar.toString() }), 'more\n')
})

test('an image that nothing changes keeps its digest, under another name and in another repository', async (t) => {
  const { digest, derive } = await imageAt(t)
  assert.equal(await derive('other:5'), digest)
})

test('an image that no node can unpack is whole at the registry', async (t) => {
  const { host, derive, document, blob } = await imageAt(t)
  await derive('two:2', { falseDiffId: true })
  const manifest = await document(`${host}/cde/two:2`)
  const { rootfs } = JSON.parse((await blob('cde/two', manifest.config)).toString())
  const tar = gunzipSync(await blob('cde/two', manifest.layers.at(-1)))
  assert.notEqual(rootfs.diff_ids.at(-1), `sha256:${createHash('sha256').update(tar).digest('hex')}`)
})

test('a derived chart has its version, other defaults, and a value under another name alone', async (t) => {
  const directory = join(await temporaryDirectory(t), 'chart')
  await deriveChart(chart, directory, '1.1.0', {
    defaults: { 'logging.level': 'debug' },
    renamed: { 'manager.requestsPerSecond': 'perSecond' },
  })
  const helm = await helmBinary()
  const render = (...set: string[]) => run(helm, ['template', 'cde', directory, ...set.map((one) => `--set=${one}`)])
  const text = await render('manager.perSecond=7')
  assert.match(text, /helm\.sh\/chart: cde-1\.1\.0/)
  assert.match(text, /name: LOG_LEVEL, value: "?debug/)
  assert.match(text, /name: REQUESTS_PER_SECOND, value: "7"/)
  await assert.rejects(render('manager.requestsPerSecond=7'), { why: /requestsPerSecond/ })
  await assert.rejects(
    deriveChart(chart, `${directory}2`, '1.1.0', { renamed: { 'manager.x': 'y' } }),
    /no value manager\.x/,
  )
})

test('every migration of the lab is one that the manager reads', async (t) => {
  for (const release of [
    release11rewriting,
    release11irreversible,
    release12,
    { ...release11, change: 'migration-fails' as const },
  ]) {
    const { migrations } = await writeSource(await temporaryDirectory(t), release)
    const own = (await readMigrations(migrations)).filter(({ name }) => name.startsWith('9'))
    assert.equal(own.length, 2)
  }
})

const node = async (script: string, program: string) =>
  await promisify(execFile)(process.execPath, ['--import', broken(script), '--eval', program], {
    timeout: 20_000,
  }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )

test('what breaks an app ends a manager that wants to listen, and a dashboard answers its first page wrongly', async () => {
  const server = `const { createServer } = require('node:http')
    const server = createServer((request, response) => response.end('fine')).listen(0, '127.0.0.1', async () => {
      for (const path of ['/', '/healthz']) console.log((await fetch('http://127.0.0.1:' + server.address().port + path)).status)
      process.exit(0)
    })
    console.log('it would listen')`
  const ended = await node('fails-after-migration.mjs', server)
  assert.deepEqual([ended.code, ended.stdout], [1, ''])
  assert.match(ended.stderr, /fails after its migrations/)
  assert.equal((await node('answers-wrongly.mjs', server)).stdout, 'it would listen\n500\n200\n')
})
