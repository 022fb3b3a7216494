import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { buildBundle } from '../../../../installer/src/build/build.ts'
import { readVsix } from '../../../../installer/src/build/vsix.ts'
import { contentsTree } from '../../../../installer/src/cli/contents-tree.ts'
import { contentsOf } from '../../../../installer/src/stores/bundle/contents.ts'
import { differenceOf } from '../../../../installer/src/stores/bundle/difference.ts'
import { openBundle } from '../../../../installer/src/stores/bundle/open.ts'
import { readRelease } from '../../../../installer/src/stores/bundle/release.ts'
import { verifyBundle } from '../../../../installer/src/stores/bundle/verify.ts'
import { code } from '../../../fixtures/code.ts'
import { temporaryDirectory } from '../../../fixtures/directory.ts'
import { smallRelease } from '../../../fixtures/release.ts'
import { editRelease, reseal } from '../../../fixtures/reseal.ts'
import { extensionManifest, vsixOf } from '../../../fixtures/vsix.ts'
import { zipOf } from '../../../fixtures/zip.ts'

async function releaseWith(t: TestContext, vsixes: readonly Buffer[]) {
  const directory = await temporaryDirectory(t)
  const release = await smallRelease(directory)
  await appendFile(release.options.source, `extensions:\n${vsixes.map((_, i) => `  - {path: ${i}.vsix}\n`).join('')}`)
  for (const [i, vsix] of vsixes.entries()) await writeFile(join(directory, `${i}.vsix`), vsix)
  return { ...release, directory }
}

async function opened(t: TestContext, path: string, trust: readonly string[]) {
  const bundle = await openBundle(path, trust)
  t.after(() => bundle.close())
  return bundle
}

test('extensions are sealed by digest, named by what they say of themselves, and shown', async (t) => {
  const { options, trust } = await releaseWith(t, [vsixOf(), vsixOf({ name: 'Debug' }, 'linux-x64')])
  const { path } = await buildBundle(options)
  const bundle = await opened(t, path, trust)
  await verifyBundle(bundle)
  const { release } = await readRelease(bundle)
  const { digest, ...hello } = release.extensions?.[0] ?? assert.fail()
  assert.deepEqual(hello, {
    publisher: 'acme',
    name: 'hello',
    version: '1.2.3',
    displayName: 'Hello of Acme',
    description: 'Greets whoever asks for it.',
    engine: '^1.80.0',
  })
  const [first, second] = bundle.artifacts.filter(({ role }) => role === 'extension')
  assert.deepEqual([first?.name, first?.descriptor.digest], ['acme.hello@1.2.3', digest])
  assert.equal(second?.name, 'acme.debug@1.2.3@linux-x64')
  assert.match(second?.reference ?? '', /\/charts\/cde\/extensions\/acme\.debug\/linux-x64:1\.2\.3$/)
  assert.match(contentsTree(await contentsOf(bundle)).join('\n'), /^extension acme\.hello@1\.2\.3 {2}/m)
})

test('a bundle diff says which extensions come and go', async (t) => {
  const { options, trust, directory } = await releaseWith(t, [vsixOf(), vsixOf({ name: 'old' })])
  const { path: from } = await buildBundle(options)
  await writeFile(join(directory, '1.vsix'), vsixOf({ name: 'new' }))
  const { path: to } = await buildBundle({ ...options, out: join(directory, 'next.bundle') })
  const { artifacts } = await differenceOf(await opened(t, from, trust), await opened(t, to, trust))
  assert.deepEqual(
    artifacts.filter(({ role }) => role === 'extension').map(({ name, change }) => `${change} ${name}`),
    ['same acme.hello@1.2.3', 'added acme.new@1.2.3', 'removed acme.old@1.2.3'],
  )
})

test('two extensions of one name, version and platform are refused, whatever their case, with the line', async (t) => {
  const { options } = await releaseWith(t, [vsixOf(), vsixOf({}, 'linux-x64'), vsixOf({ publisher: 'ACME' })])
  await assert.rejects(buildBundle(options), (error: Error) => {
    assert.match(error.message, /release\.yaml:19: acme\.hello@1\.2\.3 is in the release already/)
    return code('BUILD_EXTENSION')(error)
  })
})

test('a signed bundle that does not have an extension that its release names is refused', async (t) => {
  const { options, trust } = await releaseWith(t, [vsixOf()])
  const { path } = await buildBundle(options)
  await reseal(path, { ...options, trust }, (index, put, take) =>
    editRelease(index, put, take, (release) => {
      release.extensions[0].version = '1.2.4'
    }),
  )
  await assert.rejects(openBundle(path, trust).then(verifyBundle), code('BUNDLE_RELEASE'))
})

test('texts that stand for others are looked up, and are one printable line', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.vsix')
  const read = async (manifest: Record<string, unknown>, nls: unknown) => {
    const named = extensionManifest({ displayName: '%name%', description: '%about%', ...manifest })
    const files = { 'package.json': named, 'package.nls.json': nls }
    const entries = Object.entries(files).map(([name, value]) => ({
      name: `extension/${name}`,
      content: JSON.stringify(value),
    }))
    await writeFile(path, zipOf(entries))
    const { displayName, description } = (await readVsix(path, 'release.yaml:1')).about
    return [displayName, description]
  }
  assert.deepEqual(await read({}, { name: 'Hello', about: { message: 'Says it', comment: [] } }), ['Hello', 'Says it'])
  assert.deepEqual(await read({}, {}), ['%name%', '%about%'])
  assert.deepEqual(await read({}, { name: 'a\n\u001b[31mb\u202ec', about: 3 }), ['a [31mb c', undefined])
  const [, long] = await read({ description: 'x'.repeat(5000) }, {})
  assert.equal(long?.length, 1024)
})
