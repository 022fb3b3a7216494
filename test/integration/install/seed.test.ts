import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mediaTypes } from '@sealift/bundle-spec/descriptor.ts'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import type { MemoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { putImage, smallRelease } from '../../fixtures/release.ts'
import { digestOf, fakeRegistry, manifestName } from '../../unit/installer/registry/fake-registry.ts'
import { quayLike } from '../../unit/installer/registry/profiles.ts'
import { answersText } from './answers-text.ts'
import { runRegistryStage } from './seed-stage.ts'

/** bytes of the largest layer, and of the first chunk of it that goes over the line */
const size = 90_000_000
const firstChunk = 16 << 20

/** A site that has its registry seeded by the installation; `large` gives the manager a layer of many chunks. */
async function site(t: TestContext, { large = false, sbom = false } = {}) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  if (large)
    await putImage(options.registry as MemoryStore, 'registry.sealift.example/cde/manager:0.1.0', ['x'.repeat(size)])
  if (sbom) {
    const text = await readFile(options.source, 'utf8')
    await writeFile(options.source, text.replace('role: component', 'role: component, sbom: bom.json'))
    await writeFile(join(directory, 'bom.json'), '{"bomFormat":"CycloneDX","specVersion":"1.6"}')
  }
  await buildBundle(options)
  const fake = await fakeRegistry(t, { repositories: { mounts: true } })
  const at = (name: string) => join(directory, name)
  await writeFile(at('my.license'), options.license)
  await writeFile(at('vendor.pub'), trust[0] as string)
  await writeFile(at('kubeconfig'), '{}')
  await writeFile(at('answers.yaml'), answersText(`{kind: seed, address: "${fake.host}/mirror", plainHttp: true}`))
  return { at, fake, run: () => runRegistryStage(at('answers.yaml'), at('state')) }
}

test('a registry to be seeded gets every image under the names of the site, and the second time nothing is sent', async (t) => {
  const { fake, run } = await site(t)
  assert.match((await run()).join('\n'), /2 names read back and proven/)
  for (const name of ['manager', 'workspace'])
    assert.ok(fake.manifests.has(manifestName(fake, `mirror/cde/${name}`, '0.1.0')))
  assert.equal([...fake.manifests.keys()].filter((name) => /chart|release|files/.test(name)).length, 0)
  fake.seen.length = 0
  assert.match((await run()).join('\n'), /^0 bytes sent/)
  assert.ok(fake.seen.every(({ method }) => method === 'HEAD' || method === 'GET'))
})

test('a name that stands for other content stops the installation before a byte is sent, and stays as it is', async (t) => {
  const { fake, run } = await site(t)
  const foreign = { type: mediaTypes.manifest, bytes: Buffer.from('{"schemaVersion":2}') }
  const tag = manifestName(fake, 'mirror/cde/manager', '0.1.0')
  fake.manifests.set(tag, foreign)
  fake.manifests.set(manifestName(fake, 'mirror/cde/manager', digestOf(foreign.bytes)), foreign)
  await assert.rejects(run(), (error: SealiftError) => {
    assert.equal(error.code, 'REGISTRY_TAG_TAKEN')
    assert.match(error.fix ?? '', /sealift seed \S+cde\.bundle --to \S+\/mirror --images-only --replace-tags/)
    return true
  })
  assert.equal(fake.manifests.get(tag), foreign)
  assert.equal(fake.blobs.size, 0)
})

test('SBOMs go with their images, and a registry that takes nothing but images gets those', async (t) => {
  const { fake, run } = await site(t, { sbom: true })
  assert.match((await run()).join('\n'), /3 names read back and proven/)
  const sboms = [...fake.manifests.values()].filter(({ bytes }) => bytes.includes('cyclonedx'))
  assert.ok(sboms.length > 0)
  const quay = await site(t, { sbom: true })
  quayLike(quay.fake)
  assert.match(
    (await quay.run()).join('\n'),
    /2 names read back and proven;.*\n.*images only: their signatures and SBOMs/,
  )
  for (const name of ['manager', 'workspace'])
    assert.ok(quay.fake.manifests.has(manifestName(quay.fake, `mirror/cde/${name}`, '0.1.0')))
})

test('an installation that SIGKILL ends while it seeds goes on inside the blob', async (t) => {
  const { at, fake, run } = await site(t, { large: true })
  const sent = () => fake.seen.reduce((sum, { length }) => sum + length, 0)
  let kill = () => {}
  fake.script = () => {
    if (sent() > firstChunk) kill()
    return false
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'seed-stage.ts'), at('answers.yaml'), at('state')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  kill = () => child.kill('SIGKILL')
  const [, signal] = await once(child, 'exit')
  assert.equal(signal, 'SIGKILL')
  const [kept] = [...fake.uploads.values()].map(({ length }) => length).sort((a, b) => b - a)
  assert.ok(kept !== undefined && kept >= firstChunk, `${kept} bytes of the layer are there`)
  kill = () => {}
  fake.seen.length = 0
  assert.match((await run()).join('\n'), new RegExp(`, ${kept} of an earlier run used`))
  assert.ok(sent() < size - kept + 100_000, `${sent()} bytes sent the second time`)
  assert.deepEqual((await readdir(at('state/seed'))).length, 0)
})

test('the command that seeds in front of a worker hands on how that one ended', async (t) => {
  const { at } = await site(t)
  const closed = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
  }
  const context = { contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' }
  await writeFile(at('kubeconfig'), JSON.stringify({ ...closed, ...context }))
  const cli = new URL('../../../installer/src/cli/sealift.mjs', import.meta.url).pathname
  const words = ['install', '--headless', '--answers', at('answers.yaml'), '--state', at('state')]
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  assert.deepEqual(await once(child, 'exit'), [6, null])
  assert.equal(err.match(/CLUSTER_UNREACHABLE/g)?.length, 1, err)
  assert.match(await readFile(at('state/journal.jsonl'), 'utf8'), /"stage":"preflight","event":"failed"/)
})
