import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { encodeHeader } from '@sealift/bundle-spec/ustar.ts'
import { archiveStore } from '../../installer/src/stores/archive/open.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { reuseBlobs } from '../../installer/src/stores/bundle/reuse.ts'
import { splitBundle } from '../../installer/src/stores/bundle/split.ts'
import { layoutStore } from '../../installer/src/stores/layout/open.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { signingKeys, smallBundle } from '../fixtures/release.ts'
import { fuzz, type Random, seeded } from './random.ts'

const bytes = (sign: string, offset = 0) =>
  Buffer.concat([Buffer.alloc(offset, 0x11), Buffer.from(sign, 'latin1'), seeded(offset + sign.length).bytes(2000)])
const tar = (...files: [name: string, content: string][]) =>
  Buffer.concat([
    ...files.flatMap(([name, content]) => [
      encodeHeader(name, content.length),
      Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, '\0')),
    ]),
    Buffer.alloc(1024),
  ])

/** What files are given for a bundle or an archive, and what has to be said of each. */
const foreign: Record<string, [content: (bundle: Buffer) => Buffer | string, said: RegExp]> = {
  'an empty file': [() => '', /it is empty/],
  'a bundle in gzip': [gzipSync, /compressed with gzip/],
  'a bundle in zstd': [zstdCompressSync, /compressed with zstd/],
  'a file of xz': [() => bytes('\xfd7zXZ\0\0\x04'), /compressed with xz/],
  'a file of bzip2': [() => bytes('BZh91AY&SY'), /compressed with bzip2/],
  'a file of lz4': [() => bytes('\x04\x22\x4d\x18\x64\x40'), /compressed with lz4/],
  'raw deflate': [(bundle) => deflateRawSync(bundle), /no known kind/],
  'a zip': [() => bytes('PK\x03\x04\x14\0'), /a zip archive/],
  'a 7z': [() => bytes('7z\xbc\xaf\x27\x1c\0\x04'), /a 7z archive/],
  'a RAR': [() => bytes('Rar!\x1a\x07\x01\0'), /a RAR archive/],
  'a PDF': [() => bytes('%PDF-1.7\n'), /a PDF/],
  'a program': [() => bytes('\x7fELF\x02\x01\x01'), /a program for Linux/],
  'a public key': [() => signingKeys().publicKey, /a PEM file \(PUBLIC KEY\)/],
  'a private key': [() => signingKeys().privateKey, /a PEM file \(PRIVATE KEY\)/],
  'a license': [() => 'eyJhbGciOiJFZERTQSJ9.eyJpZCI6IjEifQ.c2ln', /a license/],
  'a parts index': [() => '{"apiVersion":"sealift.dev/v1","kind":"BundleParts"}', /a parts index/],
  'a signature': [() => '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}', /a signature/],
  JSON: [() => '{"schemaVersion": 2}\n', /a JSON document/],
  YAML: [() => '# answers\napiVersion: sealift.dev/v1\r\nkind: Answers\r\n', /a YAML document/],
  'an HTML page': [() => '\ufeff\n<!DOCTYPE html><title>Log in</title>', /a web page/],
  'an XML answer': [() => '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /an XML document/],
  'a pointer of LFS': [() => 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /Git LFS/],
  'a list of checksums': [() => `${'0'.repeat(64)}  cde.bundle\n`, /a list of checksums/],
  'plain text': [() => 'Bundle is on the other stick.\n', /a text/],
  'text in UTF-16': [() => Buffer.from('\ufeffapiVersion: 1', 'utf16le'), /UTF-16/],
  'a bundle encrypted with age': [() => bytes('age-encryption.org/v1\n-> X25519 '), /encrypted with age/],
  'the same in text': [() => '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl', /encrypted with age/],
  'a bundle encrypted with OpenSSL': [() => bytes('Salted__'), /encrypted with OpenSSL/],
  'a bundle encrypted with GPG': [() => bytes('\x85\x01\x0c\x03'), /encrypted with GPG/],
  'with GPG, by a passphrase': [() => bytes('\x8c\x0d\x04\x09\x03\x02'), /encrypted with GPG/],
  'with GPG, in text': [() => '-----BEGIN PGP MESSAGE-----\n\nhQ', /encrypted with GPG/],
  SQLite: [() => bytes('SQLite format 3\0'), /an SQLite database/],
  'an ISO': [() => Buffer.concat([Buffer.alloc(32768), Buffer.from('\x01CD001\x01')]), /ISO 9660/],
  squashfs: [() => bytes('hsqs\x07'), /squashfs/],
  zeros: [() => Buffer.alloc(10_000), /begins with zeros/],
  'random bytes': [() => seeded(5).bytes(3000), /no known kind/],
  'fewer bytes than a header': [() => seeded(6).bytes(100), /no known kind/],
  'a piece from the middle of a bundle': [(bundle) => bundle.subarray(5000), /piece/],
  'a piece that begins with an entry': [(bundle) => bundle.subarray(bundle.indexOf('blobs/sha256/')), /piece/],
  'what Helm packs, unpacked': [() => tar(['cde/Chart.yaml', 'name: cde']), /a tar of another kind.*cde\/Chart\.yaml/],
}

/** What is done with the files, and the code that it must fail with. */
const readers: Record<string, (path: string) => Promise<unknown>> = {
  BUNDLE_FORMAT: (path) => openBundle(path, [signingKeys().publicKey]),
  'BUNDLE_FORMAT in a build': (path) => reuseBlobs(path, []),
  'BUNDLE_FORMAT in split': (path) =>
    splitBundle({ path, partSize: 1000, signingKey: signingKeys().privateKey, out: `${path}.cut` }),
  STORAGE_ARCHIVE: (path) => archiveStore(path),
  STORAGE_LAYOUT: (path) => layoutStore(path),
}

async function failureOf(reader: (path: string) => Promise<unknown>, path: string): Promise<SealiftError> {
  const failure = await reader(path).then(
    () => 'it was taken',
    (error: unknown) => error,
  )
  assert.ok(failure instanceof SealiftError, `${path}: ${failure}`)
  return failure
}

test('a file of another kind is named by what it seems to be, wherever it is given', async (t) => {
  const directory = await temporaryDirectory(t)
  const bundle = await readFile((await smallBundle(directory)).path)
  for (const [name, [content, said]] of Object.entries(foreign)) {
    const path = join(directory, name)
    await writeFile(path, content(bundle))
    for (const [code, reader] of Object.entries(readers)) {
      const failure = await failureOf(reader, path)
      assert.equal(failure.code, code.split(' ')[0], `${name}: ${failure.message} ${failure.why}`)
      assert.match(failure.why ?? '', said, `${name}, ${code}`)
      assert.ok(failure.fix, name)
    }
  }
})

test('archives and bundles that are given for each other are named', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, trust } = await smallBundle(directory)
  const failure = await failureOf(archiveStore, path)
  assert.match(`${failure.why} ${failure.fix}`, /OCI layout in a tar.*bundle:/)
  const saved = join(directory, 'saved.tar')
  await writeFile(saved, tar(['manifest.json', '[]'], ['repositories', '{}']))
  const other = await failureOf((file) => openBundle(file, trust), saved)
  assert.match(other.why ?? '', /a tar of another kind, which begins with "manifest.json"/)
})

/** Where the fields of a header lie that hold numbers, and those that do not. */
const numbers = { mode: [100, 8], uid: [108, 8], gid: [116, 8], size: [124, 12], mtime: [136, 12] } as const
const devices = { major: [329, 8], minor: [337, 8] } as const
const others = { name: [0, 100], type: [156, 1], linkName: [157, 100], magic: [257, 8], prefix: [345, 155] } as const

/** Numbers as no writer of ours makes them: all of base-256, negative, of other digits, beyond what a file can have. */
const wild = (random: Random, length: number): Buffer =>
  random.of([
    () => random.bytes(length),
    () => Buffer.concat([Buffer.of(0x80), random.bytes(length - 1)]),
    () => Buffer.concat([Buffer.of(0xff), random.bytes(length - 1)]),
    () => Buffer.alloc(length, random.of(['7', '8', ' ', '-', '\0', '\xff', 'N'])),
    () => Buffer.from(random.of(['-1', '1e9', '0x10', '9', 'NaN', '1.5', '+7', '7'.repeat(12)]).padEnd(length, '\0')),
  ])()

/** Changes a field of a header, and sets its checksum right. */
function spoil(tar: Buffer, at: number, [start, length]: readonly [number, number], random: Random): void {
  const header = tar.subarray(at, at + 512)
  wild(random, length).copy(header, start, 0, length)
  header.fill(' ', 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
}

test('a header with anything in a field, and a right checksum, is refused and no defect', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, trust } = await smallBundle(directory)
  const good = await readFile(path)
  const bundle = await openBundle(path, trust)
  await bundle.close()
  const headers = bundle.entries.map(({ offset }) => offset - 512)
  await fuzz(40, async (random) => {
    for (const [name, field] of Object.entries({ ...numbers, ...devices, ...others })) {
      const tar = Buffer.from(good)
      spoil(tar, random.of(headers), field, random)
      if (tar.equals(good)) continue
      await writeFile(path, tar)
      for (const reader of [(file: string) => openBundle(file, trust), (file: string) => reuseBlobs(file, trust)]) {
        const failure = await failureOf(reader, path)
        assert.match(failure.code, /^BUNDLE_(ENTRY|FORMAT)$/, `${name}: ${failure.message}`)
      }
    }
  })
})

test('an archive with anything in a field of a header is read as it was, or refused', async (t) => {
  const path = join(await temporaryDirectory(t), 'saved.tar')
  const good = tar(['layer.tar', 'a layer'], ['config.json', '{}'], ['manifest.json', '[]'])
  await fuzz(60, async (random) => {
    for (const [name, field] of Object.entries({ ...numbers, ...devices, ...others })) {
      const bytes = Buffer.from(good)
      spoil(bytes, random.of([0, 1024, 2048]), field, random)
      await writeFile(path, bytes)
      const outcome = await archiveStore(path).then(
        async (store) => {
          const failure = await store.resolve('').catch((error: SealiftError) => error.code)
          await store.close()
          return failure
        },
        (error: unknown) => (error instanceof SealiftError ? error.code : error),
      )
      assert.match(`${outcome}`, /^STORAGE_(ARCHIVE|NOT_FOUND)$/, name)
    }
  })
})

test('any bytes at all are refused, and no defect', async (t) => {
  const path = join(await temporaryDirectory(t), 'any')
  await fuzz(150, async (random) => {
    const sign = random.of([
      '',
      '\x1f\x8b',
      '{"',
      '<html',
      '-----BEGIN ',
      'PK\x03\x04',
      'oci-layout\0',
      '\xff\xfe',
      '\x85',
    ])
    await writeFile(path, Buffer.concat([Buffer.from(sign, 'latin1'), random.bytes(random.below(2000))]))
    for (const [code, reader] of Object.entries(readers)) {
      const failure = await failureOf(reader, path)
      assert.equal(failure.exitCode, code.startsWith('BUNDLE') ? 3 : 7)
      assert.ok(failure.why && failure.fix, failure.message)
    }
  })
})
