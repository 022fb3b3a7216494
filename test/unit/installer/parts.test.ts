import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyMessage } from '@sealift/bundle-spec/signature.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { buildBundle } from '../../../installer/src/build/build.ts'
import { openBundle } from '../../../installer/src/stores/bundle/open.ts'
import { readRelease } from '../../../installer/src/stores/bundle/release.ts'
import { splitBundle } from '../../../installer/src/stores/bundle/split.ts'
import { verifyBundle } from '../../../installer/src/stores/bundle/verify.ts'
import { code } from '../../fixtures/code.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'
import { smallParts } from '../../fixtures/parts.ts'
import { signingKeys, smallRelease } from '../../fixtures/release.ts'

const verify = async (path: string, trust: string[]) => {
  const bundle = await openBundle(path, trust)
  await verifyBundle(bundle).finally(() => bundle.close())
}

test('the parts joined are the bundle, and their index is signed', async (t) => {
  const { path, parts, whole, trust } = await smallParts(await temporaryDirectory(t))
  const bytes = await Promise.all(parts.map((part) => readFile(part)))
  assert.equal(parts.length, 5)
  assert.deepEqual(Buffer.concat(bytes), await readFile(whole))
  const index = await readFile(`${path}.parts.json`)
  verifyMessage(index, await readFile(`${path}.parts.json.sigstore.json`), trust)
  assert.deepEqual(
    JSON.parse(index.toString()).parts.map((part: { digest: string }) => part.digest),
    bytes.map((part) => digestOf(part)),
  )
})

test('every blob and every range of one reads from parts as from one file, whatever their size', async (t) => {
  const directory = await temporaryDirectory(t)
  for (const count of [1, 2, 7, 40]) {
    const { path, whole, trust } = await smallParts(directory, count)
    const [one, cut] = [await openBundle(whole, trust), await openBundle(path, trust)]
    t.after(() => Promise.all([one.close(), cut.close()]))
    assert.equal(cut.file.parts.length, count)
    for (const entry of one.entries.slice(3)) {
      const descriptor = { mediaType: 'application/x', digest: `sha256:${entry.name.slice(-64)}`, size: entry.size }
      for (const range of [
        undefined,
        { start: 1, end: entry.size },
        { start: entry.size >> 1, end: (entry.size >> 1) + 9 },
      ]) {
        const read = async (from: typeof one) =>
          Buffer.concat(await Array.fromAsync(await from.store.open('', descriptor, range)))
        assert.deepEqual(await read(cut), await read(one))
      }
    }
    assert.equal((await readRelease(cut)).digest, (await readRelease(one)).digest)
    assert.equal((await verifyBundle(cut)).nodes.length, cut.entries.length - 3)
    for (let n = 1; n <= count; n++) await rm(`${path}.${String(n).padStart(3, '0')}`)
  }
})

test('a bundle in parts opens by its name, by any part and by its parts index; parts may be links', async (t) => {
  const directory = await temporaryDirectory(t)
  const { path, parts, trust } = await smallParts(directory)
  for (const name of [path, parts[0] as string, parts[3] as string, `${path}.parts.json`]) await verify(name, trust)
  await copyFile(parts[1] as string, join(directory, 'on-another-medium'))
  await rm(parts[1] as string)
  await symlink(join(directory, 'on-another-medium'), parts[1] as string)
  await verify(path, trust)
})

test('a file that is cut up in place leaves the same parts, and goes on wherever it was killed', async (t) => {
  const directory = await temporaryDirectory(t)
  const { parts, whole, trust, signingKey, size } = await smallParts(directory)
  const expected = await Promise.all(parts.map((part) => readFile(part)))
  const original = await readFile(whole)
  const moved = parts.map((_, i) => `${whole}.00${i + 1}`)
  const options = { path: whole, partSize: Math.ceil(size / 5), signingKey, move: true }
  const check = async () => {
    assert.deepEqual(await Promise.all(moved.map((part) => readFile(part))), expected)
    await assert.rejects(stat(whole), { code: 'ENOENT' })
    await verify(whole, trust)
  }
  await splitBundle(options)
  await check()
  assert.equal((await splitBundle(options)).parts.length, 5)
  await check()

  const rest = moved[0] as string
  const start = (i: number) => i * Math.ceil(size / 5)
  const states: Record<string, () => Promise<void>> = {
    'before the file was renamed': async () => {
      await writeFile(whole, original)
      for (const part of moved) await rm(part)
    },
    'before the first cut': async () => {
      await writeFile(rest, original)
      for (const part of moved.slice(1)) await rm(part)
    },
    'while a part was copied': async () => {
      await writeFile(rest, original.subarray(0, start(4)))
      await writeFile(`${moved[3]}.partial`, 'half')
      for (const part of moved.slice(1, 4)) await rm(part)
    },
    'between copy and cut': async () => {
      await writeFile(rest, original.subarray(0, start(4)))
      for (const part of moved.slice(1, 3)) await rm(part)
    },
  }
  for (const prepare of Object.values(states)) {
    await prepare()
    await splitBundle(options)
    await check()
  }
})

test('what is in the way of a cut is named, and is no defect', async (t) => {
  const { path, whole, parts, signingKey, size } = await smallParts(await temporaryDirectory(t))
  const options = { path: whole, partSize: Math.ceil(size / 5), signingKey }
  const notEmpty = async (directory: string) => {
    await mkdir(directory)
    await writeFile(`${directory}/x`, '')
  }
  await notEmpty(`${whole}.001`)
  await assert.rejects(splitBundle({ ...options, move: true }), code('USAGE_OUT'))
  await notEmpty(`${path}-again.parts.json`)
  await assert.rejects(splitBundle({ ...options, out: `${path}-again` }), code('USAGE_OUT'))
  await rm(parts[0] as string)
  await assert.rejects(splitBundle({ ...options, path, move: true }), code('BUNDLE_PART_MISSING'))
})

test('parts that are there already are not written again, a damaged one is', async (t) => {
  const { path, parts, whole, signingKey, trust, size } = await smallParts(await temporaryDirectory(t))
  const again = () => splitBundle({ path: whole, partSize: Math.ceil(size / 5), signingKey, out: path })
  assert.equal((await again()).kept, size)
  await truncate(parts[2] as string, 5)
  assert.equal((await again()).kept, size - Math.ceil(size / 5))
  await verify(path, trust)
})

test('who carries a bundle may cut it with a key of their own, which must be trusted then', async (t) => {
  const directory = await temporaryDirectory(t)
  const { whole, trust, size } = await smallParts(directory)
  const carrier = signingKeys()
  const out = join(directory, 'carried')
  const options = { path: whole, partSize: size >> 1, signingKey: carrier.privateKey, out }
  await assert.rejects(splitBundle(options), code('BUNDLE_UNTRUSTED'))
  await splitBundle({ ...options, trust })
  await assert.rejects(openBundle(out, trust), code('BUNDLE_UNTRUSTED'))
  await assert.rejects(openBundle(out, [carrier.publicKey]), code('BUNDLE_UNTRUSTED'))
  await verify(out, [...trust, carrier.publicKey])
})

test('a damaged bundle is not cut, and an interrupted cut leaves no parts index', async (t) => {
  const directory = await temporaryDirectory(t)
  const { options } = await smallRelease(directory)
  const { path, size } = await buildBundle(options)
  const out = join(directory, 'p')
  const split = (onStep?: (title: string) => void, signal = new AbortController().signal) =>
    splitBundle({ path, partSize: 5000, signingKey: options.signingKey, out, signal, ...(onStep ? { onStep } : {}) })
  // an index of an earlier set lies there
  await writeFile(`${out}.parts.json`, 'old')
  const stop = new AbortController()
  const atWriting = (title: string) => {
    if (title.startsWith('Writing')) stop.abort()
  }
  await assert.rejects(split(atWriting, stop.signal), { name: 'AbortError' })
  await assert.rejects(stat(`${out}.parts.json`), { code: 'ENOENT' })
  const bytes = await readFile(path)
  // the first byte of the last blob: its header is refused without a look at content
  bytes[size - 1536] = (bytes[size - 1536] as number) ^ 1
  await writeFile(path, bytes)
  await assert.rejects(split(), (error: Error & { code?: string }) => error.code?.startsWith('BUNDLE_') === true)
  await assert.rejects(stat(`${out}.001`), { code: 'ENOENT' })
})
