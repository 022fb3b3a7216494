import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readVsix } from '../../installer/src/build/vsix.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { extensionManifest, vsixOf } from '../fixtures/vsix.ts'
import { type ZipEntry, zipOf } from '../fixtures/zip.ts'

const withEntry = (entry: ZipEntry) => vsixOf({}, undefined, [entry])
const withManifest = (content: string | Buffer) => zipOf([{ name: 'extension/package.json', content }])
const withPlatform = (xml: string) =>
  zipOf([
    { name: 'extension/package.json', content: JSON.stringify(extensionManifest()) },
    { name: 'extension.vsixmanifest', content: xml },
  ])

/** Archives that no editor should get, and what is said of them. */
const hostile: Record<string, [vsix: Buffer, why: RegExp]> = {
  'no archive': [Buffer.from('#!/bin/sh\n'), /end of central directory|not a zip/i],
  'an empty file': [Buffer.alloc(0), /./],
  'an archive that was cut': [vsixOf().subarray(0, 300), /./],
  'no package.json': [zipOf([{ name: 'package.json', content: '{}' }]), /no extension\/package\.json/],
  'a path that climbs': [withEntry({ name: 'extension/../../.bashrc', content: '' }), /invalid relative path/],
  'an absolute path': [withEntry({ name: '/etc/cron.d/x', content: '' }), /absolute path/],
  'a path of Windows': [withEntry({ name: 'extension\\..\\x', content: '' }), /invalid characters/],
  'two entries of one name': [
    withEntry({ name: 'extension/package.json', content: JSON.stringify(extensionManifest({ name: 'evil' })) }),
    /two of its entries have the name/,
  ],
  'a link': [withEntry({ name: 'extension/x', content: '/etc/passwd', mode: 0o120777 }), /is a link/],
  'an encrypted manifest': [
    zipOf([{ name: 'extension/package.json', content: JSON.stringify(extensionManifest()), flags: 0x801 }]),
    /encrypted/,
  ],
  'a manifest that claims little and unpacks to much': [
    zipOf([{ name: 'extension/package.json', content: Buffer.alloc(50 << 20, ' '), claims: 100 }]),
    /too many bytes/,
  ],
  'a manifest that is larger than any': [withManifest(Buffer.alloc((1 << 20) + 1, ' ')), /is larger than/],
  'more than a disk has': [
    vsixOf(
      {},
      undefined,
      ['a', 'b', 'c'].map((name) => ({ name: `extension/${name}`, content: '', claims: 0x3000_0000 })),
    ),
    /unpacks to more than/,
  ],
  'more entries than anybody has': [
    zipOf(Array.from({ length: 50_001 }, (_, i) => ({ name: `extension/${i}`, content: '' }))),
    /more than 50000 entries/,
  ],
  'a manifest that is no JSON': [withManifest('{"name": "x",'), /does not parse/],
  'a key twice': [withManifest('{"name": "good", "name": "evil"}'), /a key twice/],
  'a prototype': [withManifest('{"__proto__": {"name": "x"}}'), /__proto__/],
  'nesting without end': [withManifest(`${'['.repeat(1000)}${']'.repeat(1000)}`), /nests deeper/],
  'a manifest that is a list': [withManifest('[]'), /is not an object/],
  'bytes that are no text': [withManifest(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), /does not parse/],
  'no publisher': [vsixOf({ publisher: undefined }), /publisher of extension\/package\.json/],
  'a publisher with a path': [vsixOf({ publisher: '../acme' }), /publisher/],
  'a name with a slash': [vsixOf({ name: 'a/b' }), /name/],
  'a name that ends in a hyphen': [vsixOf({ name: 'a-' }), /name/],
  'a name of other letters': [vsixOf({ name: 'h\u0435llo' }), /name/],
  'a version that is none': [vsixOf({ version: '1.2' }), /version/],
  'a version with a query': [vsixOf({ version: '1.2.3?x' }), /version/],
  'no engine': [vsixOf({ engines: {} }), /engines\.vscode/],
  'engines that are null': [vsixOf({ engines: null }), /engines\.vscode/],
  'a platform that is none': [vsixOf({}, 'linux-x64&quot;'), /targetPlatform/],
  'two identities': [
    withPlatform('<Identity TargetPlatform="web"/><Identity TargetPlatform="linux-x64"/>'),
    /exactly one/,
  ],
}

for (const [what, [vsix, why]] of Object.entries(hostile))
  test(`not carried: ${what}`, async (t) => {
    const path = join(await temporaryDirectory(t), 'x.vsix')
    await writeFile(path, vsix)
    await assert.rejects(readVsix(path, 'release.yaml:7'), (error: SealiftError) => {
      assert.match(error.message, /^release\.yaml:7: /)
      assert.match(error.why ?? '', why)
      return code('BUILD_EXTENSION')(error)
    })
  })

test('what is no file is refused at once, a pipe that nobody writes to too', async (t) => {
  const directory = await temporaryDirectory(t)
  const pipe = join(directory, 'pipe.vsix')
  execFileSync('mkfifo', [pipe])
  for (const path of [directory, pipe, '/dev/zero', join(directory, 'nothing.vsix')])
    await assert.rejects(readVsix(path, 'release.yaml:7'), code('BUILD_EXTENSION'), path)
})

test('a platform in a comment is none, and comments that never end cost nothing', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.vsix')
  const platform = async (xml: string) => {
    await writeFile(path, withPlatform(xml))
    return (await readVsix(path, 'release.yaml:7')).about.targetPlatform
  }
  assert.equal(await platform('<!-- <Identity TargetPlatform="web"/> --><Identity Id="x"/>'), undefined)
  assert.equal(await platform(`<Identity TargetPlatform='linux-x64'/>${'<!--'.repeat(200_000)}`), 'linux-x64')
  assert.equal(await platform('<Identity TargetPlatform="universal"/>'), undefined)
})

test('a readme or icon that is too large, or no picture that a browser only shows, is left out', async (t) => {
  const path = join(await temporaryDirectory(t), 'x.vsix')
  const read = async (icon: string, content: Buffer) => {
    const entries = [
      { name: 'extension/package.json', content: JSON.stringify(extensionManifest({ icon })) },
      { name: 'extension/README.md', content },
      { name: `extension/${icon}`, content },
    ]
    await writeFile(path, zipOf(entries))
    const vsix = await readVsix(path, 'release.yaml:7')
    return [vsix.readme?.length, vsix.icon?.type]
  }
  assert.deepEqual(await read('a.png', Buffer.from('x')), [1, 'png'])
  assert.deepEqual(await read('a.svg', Buffer.from('<svg onload="alert(1)"/>')), [24, undefined])
  assert.deepEqual(await read('a.jpg', Buffer.alloc((1 << 20) + 1)), [undefined, undefined])
})
