import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { signingKeys, smallBundle } from '../fixtures/release.ts'

/** Opens and verifies as `bundle verify` does; returns the code of the failure, or undefined. */
async function fault(path: string, trust: string[]): Promise<string | undefined> {
  try {
    const bundle = await openBundle(path, trust)
    await verifyBundle(bundle).finally(() => bundle.close())
  } catch (error) {
    if (error instanceof SealiftError) return error.code
    throw error
  }
  return undefined
}

test('changing any byte of a bundle makes verification fail', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, trust } = await smallBundle(directory)
  assert.equal(await fault(path, trust), undefined)
  const original = await readFile(path)
  const file = await open(path, 'r+')
  t.after(() => file.close())
  // every byte that is not zero, but of a run of the same byte (padding, the large layer) each 41st
  let run = 0
  for (const [at, byte] of original.entries()) {
    run = at > 0 && original[at - 1] === byte ? run + 1 : 0
    if (run % 41 !== 0) continue
    await file.write(Buffer.of(byte ^ 1), 0, 1, at)
    assert.notEqual(await fault(path, trust), undefined, `byte ${at} was changed unnoticed`)
    await file.write(Buffer.of(byte), 0, 1, at)
  }
  assert.equal(await fault(path, trust), undefined)
})

test('a truncated bundle is refused wherever it is cut', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, trust } = await smallBundle(directory)
  const { length } = await readFile(path)
  for (const size of [length - 1, length - 512, length - 1024, length - 1025, 5000, 512, 100, 3, 0]) {
    await truncate(path, size)
    const code = await fault(path, trust)
    assert.ok(code === 'BUNDLE_TRUNCATED' || code === 'BUNDLE_FORMAT', `cut to ${size}: ${code}`)
  }
})

test('a bundle with something behind its end is refused', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(512)]))
  assert.equal(await fault(path, trust), 'BUNDLE_FORMAT')
})

test('a bundle without its signature is refused as unsigned', async (t) => {
  const { path, trust } = await smallBundle(await temporaryDirectory(t))
  const bytes = await readFile(path)
  const at = bytes.indexOf('index.json.sigstore.json')
  const size = Number.parseInt(bytes.subarray(at + 124, at + 135).toString(), 8)
  const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 512 + Math.ceil(size / 512) * 512)])
  await writeFile(path, without)
  assert.equal(await fault(path, trust), 'BUNDLE_UNSIGNED')
})

test('a bundle signed by another key is not trusted', async (t) => {
  const { path } = await smallBundle(await temporaryDirectory(t))
  assert.equal(await fault(path, [signingKeys().publicKey]), 'BUNDLE_UNTRUSTED')
  assert.equal(await fault(path, []), 'BUNDLE_UNTRUSTED')
})

test('a private key is not accepted as one to trust', async (t) => {
  const { path } = await smallBundle(await temporaryDirectory(t))
  assert.equal(await fault(path, [signingKeys().privateKey]), 'USAGE_TRUST')
})

test('a missing file, a directory and a FIFO are refused without hanging', async (t) => {
  const directory = await temporaryDirectory(t)
  assert.equal(await fault(join(directory, 'none'), []), 'BUNDLE_MISSING')
  await mkdir(join(directory, 'd'))
  assert.equal(await fault(join(directory, 'd'), []), 'BUNDLE_MISSING')
  execFileSync('mkfifo', [join(directory, 'fifo')])
  assert.equal(await fault(join(directory, 'fifo'), []), 'BUNDLE_MISSING')
})

test('a compressed bundle, and a tar that another program packed, are refused by name', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, trust } = await smallBundle(directory)
  const gzipped = join(directory, 'b.gz')
  await writeFile(gzipped, gzipSync(await readFile(path)))
  assert.equal(await fault(gzipped, trust), 'BUNDLE_FORMAT')
  const unpacked = join(directory, 'unpacked')
  await mkdir(unpacked)
  execFileSync('tar', ['-xf', path, '-C', unpacked])
  execFileSync('tar', [
    '-cf',
    join(directory, 'packed.tar'),
    '-C',
    unpacked,
    'oci-layout',
    'index.json',
    'index.json.sigstore.json',
    'blobs',
  ])
  assert.equal(await fault(join(directory, 'packed.tar'), trust), 'BUNDLE_ENTRY')
})
