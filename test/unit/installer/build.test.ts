import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { issueLicense } from '@sealift/bundle-spec/license.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import type { Warning } from '../../../installer/src/build/cover.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { openFile, readRelease } from '../../../installer/src/stores/bundle/release.ts'
import { verifyBundle } from '../../../installer/src/stores/bundle/verify.ts'
import type { MemoryStore } from '../../../installer/src/stores/memory.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { claims, putImage, smallRelease } from '../../fixtures/release.ts'

const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
const code = (expected: string) => (error: unknown) => error instanceof SealiftError && error.code === expected

test('a built bundle verifies and names everything that the release has', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const result = await buildBundle(options)
  const bundle = await openBundle(result.path, trust)
  t.after(() => bundle.close())
  assert.equal(result.size, bundle.size)
  await verifyBundle(bundle)
  assert.deepEqual(
    bundle.artifacts.map((a) => `${a.role} ${a.name}`),
    ['release cde', 'chart cde', 'image manager', 'image workspace', 'file tool'],
  )
  const { release } = await readRelease(bundle)
  assert.equal(release.version, '0.1.0')
  assert.deepEqual(release.coverage.valuesSets, ['default'])
  const chunks = []
  for await (const chunk of await (await openFile(bundle, 'tool')).bytes()) chunks.push(chunk)
  assert.equal(Buffer.concat(chunks).toString(), 'a tool\n')
})

test('two builds of the same inputs give the same bytes', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options } = await smallRelease(directory)
  const first = await sha256((await buildBundle(options)).path)
  const second = await sha256((await buildBundle({ ...options, out: join(directory, 'again.bundle') })).path)
  assert.equal(first, second)
})

test('an interrupted build goes on where it stopped', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options } = await smallRelease(directory)
  const { registry } = options
  let opened = 0
  const failing = {
    ...registry,
    open: async (...rest: Parameters<typeof registry.open>) => {
      if (rest[1].mediaType.includes('layer') && ++opened > 1) throw new SealiftError('REGISTRY_UNREACHABLE', 'cut')
      return registry.open(...rest)
    },
  }
  await assert.rejects(buildBundle({ ...options, registry: failing }), code('REGISTRY_UNREACHABLE'))
  const result = await buildBundle(options)
  assert.ok(result.resumed > 0)
  await rm(options.out)
  const whole = await buildBundle(options)
  assert.equal(whole.resumed, 0)
  assert.equal(result.size, whole.size)
})

test('a build is refused with a free license', async (t) => {
  const { options, licenseKey } = await smallRelease(await temporaryDirectory(t))
  const free = await issueLicense(claims({ tier: 'free', features: { airgap: false, seats: 5 } }), licenseKey)
  await assert.rejects(buildBundle({ ...options, license: free }), code('LICENSE_AIRGAP'))
})

test('a build fails on an image that the chart uses and the release does not pin', async (t) => {
  const { options } = await smallRelease(await temporaryDirectory(t))
  const render = async () =>
    'kind: Pod\napiVersion: v1\nspec: {initContainers: [{image: "docker.io/library/busybox:1"}]}\n'
  await assert.rejects(buildBundle({ ...options, render }), code('BUILD_UNCOVERED'))
})

test('a pinned image that nothing uses is a warning with its line, and stands in the report', async (t) => {
  const { options, trust } = await smallRelease(await temporaryDirectory(t))
  const seen: Warning[] = []
  const result = await buildBundle({ ...options, render: async () => '', onWarning: (warning) => seen.push(warning) })
  assert.deepEqual(result.warnings, seen)
  assert.equal(seen.length, 1)
  assert.equal(seen[0]?.code, 'BUILD_UNEXPLAINED')
  assert.match(seen[0]?.message ?? '', /release\.yaml:10: nothing uses the image manager/)
  const bundle = await openBundle(result.path, trust)
  t.after(() => bundle.close())
  assert.deepEqual((await readRelease(bundle)).release.coverage.unused, ['manager'])
})

test('release.yaml with an unknown field is refused with its line', async (t) => {
  const { options } = await smallRelease(await temporaryDirectory(t))
  await writeFile(options.source, `${await readFile(options.source, 'utf8')}imagez: []\n`)
  await assert.rejects(buildBundle(options), code('BUILD_SOURCE'))
  await writeFile(
    options.source,
    (await readFile(options.source, 'utf8'))
      .replace('imagez: []\n', '')
      .replace('role: component', 'role: component, extra: 1'),
  )
  await assert.rejects(buildBundle(options), code('BUILD_SOURCE'))
})

test('two images of one name or one reference are refused with the line of the second', async (t) => {
  const { options } = await smallRelease(await temporaryDirectory(t))
  const text = await readFile(options.source, 'utf8')
  for (const [from, to] of [
    ['name: workspace', 'name: manager'],
    ['cde/workspace:0.1.0', 'cde/manager:0.1.0'],
  ] as const) {
    await writeFile(options.source, text.replace(from, to))
    await assert.rejects(buildBundle(options), (error: Error) => {
      assert.match(error.message, /release\.yaml:11: two images have the (name|reference)/)
      return code('BUILD_SOURCE')(error)
    })
  }
})

test('what the release would not be whole with is refused before it is sealed', async (t) => {
  const again: [string, string, string][] = [
    ['files:', '- {name: tool, path: tool}', 'twice'],
    ['images:', '- {name: more, reference: "registry.sealift.example/cde/charts/cde:0.1.0", role: component}', 'twice'],
  ]
  for (const [list, entry, why] of again) {
    const { options } = await smallRelease(await temporaryDirectory(t))
    const { source } = options
    await putImage(options.registry as MemoryStore, 'registry.sealift.example/cde/charts/cde:0.1.0', ['layer'])
    await writeFile(source, (await readFile(source, 'utf8')).replace(list, `${list}\n  ${entry}`))
    await assert.rejects(buildBundle(options), (error: SealiftError) => {
      assert.match(error.why ?? '', new RegExp(why))
      return code('BUILD_SOURCE')(error)
    })
    await assert.rejects(readFile(options.out), /ENOENT/)
  }
})

test('a chart of a version with build metadata is sealed under the tag that Helm gives it', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  await writeFile(join(directory, 'chart', 'Chart.yaml'), 'apiVersion: v2\nname: cde\nversion: 0.1.0+b.7\n')
  const bundle = await openBundle((await buildBundle(options)).path, trust)
  t.after(() => bundle.close())
  await verifyBundle(bundle)
  assert.match(bundle.artifacts.find(({ role }) => role === 'chart')?.reference ?? '', /:0\.1\.0_b\.7$/)
})

test('a release is kept where release.yaml says, and a name that something else has, or a place that is none, is refused', async (t) => {
  const { options, trust } = await smallRelease(await temporaryDirectory(t))
  const text = await readFile(options.source, 'utf8')
  const keptAt = (reference: string) =>
    writeFile(options.source, text.replace('chart:', `reference: ${JSON.stringify(reference)}\nchart:`))
  await keptAt('registry.sealift.example/cde/product')
  const bundle = await openBundle((await buildBundle(options)).path, trust)
  t.after(() => bundle.close())
  assert.match(bundle.artifacts[0]?.reference ?? '', /^registry\.sealift\.example\/cde\/product@sha256:/)
  for (const [reference, message] of [
    ['registry.sealift.example/cde/manager', /image manager has the name of the release/],
    ['registry.sealift.example/cde/charts/cde', /chart cde has the name of the release/],
    ['registry.sealift.example/cde/charts/cde/files/tool', /file tool has the name of the release/],
    ['cde/release', /release\.yaml:8: the release cannot be kept there/],
    ['https://registry.sealift.example/cde', /release\.yaml:8: the release cannot be kept there/],
  ] as const) {
    await keptAt(reference)
    await assert.rejects(buildBundle(options), (error: Error) => {
      assert.match(error.message, message)
      return code('BUILD_SOURCE')(error)
    })
  }
})
