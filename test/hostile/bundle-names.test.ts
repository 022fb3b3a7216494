import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { buildBundle } from '../../installer/src/build/build.ts'
import { jsonLine, safe } from '../../installer/src/cli/format.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallRelease } from '../fixtures/release.ts'
import { type Loose, reseal } from '../fixtures/reseal.ts'

const execute = promisify(execFile)
const main = join(import.meta.dirname, '../../installer/src/cli/sealift.mjs')

/** A rightly signed bundle whose index was changed, and the file of its key. */
async function sealed(t: TestContext, change: Parameters<typeof reseal>[2]) {
  const directory = await temporaryDirectory(t)
  const { options, trust } = await smallRelease(directory)
  const { path } = await buildBundle(options)
  await reseal(path, { signingKey: options.signingKey, trust }, change)
  const key = join(directory, 'vendor.pub')
  await writeFile(key, trust[0] as string)
  return { path, trust, key }
}

const hostile: Record<string, string> = {
  'a line break': 'manager\nimage evil  1 MB',
  'a carriage return': 'manager\rforged',
  'an ANSI escape': '\u001b[2K\u001b[31mred',
  'an 8-bit escape': '\u009b31m',
  'a bell and a backspace': 'a\u0007\b\bx',
  'a window title': '\u001b]0;owned\u0007',
  'a bidirectional override': 'gnp.\u202eexe',
  'a bidirectional isolate': '\u2066x\u2069',
  'a zero-width space': 'man\u200bager',
  'a byte order mark': '\ufeffx',
  'a wide space': 'a\u3000b',
  'a line separator': 'a\u2028b',
  'a tag character': `a${String.fromCodePoint(0xe0041)}`,
  'half a surrogate pair': 'a\ud83d',
  'a heap of combining marks': `z${'\u0300'.repeat(50)}`,
  'a filler that shows nothing': 'a\u3164b',
  'a private character': '\ue000',
}

test('text from outside cannot act on a terminal, break a line or hide', () => {
  for (const [what, text] of Object.entries(hostile)) {
    const shown = safe(text)
    assert.match(shown, /\\u\{[0-9a-f]+\}/, what)
    assert.doesNotMatch(shown, /[^\p{L}\p{N}\p{P}\p{S}\p{Mn} ]/u, what)
  }
  assert.equal(safe('registry.example:5000/cde/manager@sha256:ab'), 'registry.example:5000/cde/manager@sha256:ab')
  assert.equal(safe('Müller & Söhne 株式会社 हिन्दी'), 'Müller & Söhne 株式会社 हिन्दी')
  assert.ok(safe('x'.repeat(5_000_000)).length < 3000)
})

test('JSON for machines holds the same text, written so that a terminal does not act on it', () => {
  for (const [what, text] of Object.entries(hostile)) {
    const line = jsonLine({ text })
    assert.deepEqual(JSON.parse(line), { text }, what)
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029\u3000\u3164]/u, what)
  }
})

const raw = /[\p{Cc}\p{Cf}\u2028\u2029\u3000\u3164]/u

test('inspect and diff print what a hostile document says of itself on its own line and nothing of it raw', async (t) => {
  const { path, key } = await sealed(t, (index, put) => {
    const image = index.manifests.find((one: Loose) => one.annotations['dev.sealift.role'] === 'image')
    const { digest, mediaType, size } = image
    const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...put({}) }
    const artifactType = Object.values(hostile).join('').toWellFormed()
    const added = put({
      schemaVersion: 2,
      mediaType,
      artifactType,
      config,
      layers: [],
      subject: { digest, mediaType, size },
    })
    const annotations = {
      'dev.sealift.role': 'referrer',
      'dev.sealift.name': image.annotations['dev.sealift.name'],
      'org.opencontainers.image.ref.name': `registry.sealift.example/cde/manager@${added.digest}`,
    }
    index.manifests.push({ mediaType, ...added, annotations })
  })
  for (const words of [
    ['inspect', path],
    ['diff', path, path],
  ])
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await execute(process.execPath, [main, 'bundle', ...words, '--trust', key, ...more])
      assert.doesNotMatch(stdout.replaceAll('\n', ''), raw)
      assert.doesNotMatch(stdout, /^image evil|^forged/m)
      assert.equal(stderr, '')
    }
})

test('a hostile name or role is refused, and nothing of it is printed raw', async (t) => {
  for (const annotations of [
    { 'dev.sealift.role': 'referrer', 'dev.sealift.name': Object.values(hostile).join('') },
    { 'dev.sealift.role': 'referrer', 'dev.sealift.name': 'toString' },
    { 'dev.sealift.role': Object.values(hostile).join('') },
    { 'dev.sealift.role': 'constructor' },
  ]) {
    const { path, key } = await sealed(t, (index) => {
      Object.assign(index.manifests.at(-1).annotations, annotations)
    })
    const words = [main, 'bundle', 'inspect', path, '--trust', key]
    const { code, stdout, stderr } = await execute(process.execPath, words).catch((error) => error)
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /\[BUNDLE_RELEASE\]/)
    assert.ok(stderr.trimEnd().split('\n').length <= 6)
    assert.doesNotMatch(stderr.replaceAll('\n', ''), raw)
  }
})

test('a name that is no reference is refused, whoever signed it', async (t) => {
  for (const reference of [...Object.values(hostile), 'a b', '-flag', '../x', '$(id)', 'x'.repeat(2000)]) {
    const { path, trust } = await sealed(t, (index) => {
      index.manifests[2].annotations['org.opencontainers.image.ref.name'] = reference
    })
    await assert.rejects(openBundle(path, trust), code('BUNDLE_FORMAT'), JSON.stringify(reference))
  }
})
