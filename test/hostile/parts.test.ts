import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFile,
  copyFile,
  type FileHandle,
  open,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { toJson } from '@sealift/bundle-spec/json.ts'
import { signMessage } from '@sealift/bundle-spec/sign.ts'
import { digestOf } from '@sealift/bundle-spec/verify.ts'
import { hashPiece } from '../../installer/src/stores/bundle/hash-piece.ts'
import { openBundle } from '../../installer/src/stores/bundle/open.ts'
import { partedFile } from '../../installer/src/stores/bundle/parted-file.ts'
import { reuseBlobs } from '../../installer/src/stores/bundle/reuse.ts'
import { verifyBundle } from '../../installer/src/stores/bundle/verify.ts'
import { code } from '../fixtures/code.ts'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { smallParts } from '../fixtures/parts.ts'
import { signingKeys } from '../fixtures/release.ts'

/** Opens and verifies as `bundle verify` does. */
async function failure(path: string, trust: string[]): Promise<SealiftError | undefined> {
  try {
    const bundle = await openBundle(path, trust)
    await verifyBundle(bundle).finally(() => bundle.close())
  } catch (error) {
    if (error instanceof SealiftError) return error
    throw error
  }
  return undefined
}

/** The failure must have this code and ask for exactly these parts again. */
async function expect(set: { path: string; trust: string[] }, code: string, parts: string[]): Promise<SealiftError> {
  const error = await failure(set.path, set.trust)
  assert.equal(error?.code, code, `${error?.message}: ${error?.why}`)
  const again = [...new Set(`${error.fix} ${error.message}`.match(/parts\.[0-9]{3}/g))].sort()
  assert.deepEqual(again, parts.map((part) => basename(part)).sort())
  return error
}

const five = async (t: TestContext) => {
  const set = await smallParts(await temporaryDirectory(t))
  assert.equal(await failure(set.path, set.trust), undefined)
  return { ...set, parts: set.parts as [string, string, string, string, string] }
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
  await file.write(Buffer.of((buffer[0] as number) ^ 1), 0, 1, at)
  await file.close()
}

test('a last part that is a byte short is named', async (t) => {
  const set = await five(t)
  await truncate(set.parts[4], (await stat(set.parts[4])).size - 1)
  await expect(set, 'BUNDLE_PART_SIZE', [set.parts[4]])
})

test('a last part that is longer by zeros is named', async (t) => {
  const set = await five(t)
  await appendFile(set.parts[4], Buffer.alloc(512))
  await expect(set, 'BUNDLE_PART_SIZE', [set.parts[4]])
})

test('a part in the middle that is a byte longer is named', async (t) => {
  const set = await five(t)
  await appendFile(set.parts[2], 'x')
  await expect(set, 'BUNDLE_PART_SIZE', [set.parts[2]])
})

test('a part that is missing is named', async (t) => {
  const set = await five(t)
  await rm(set.parts[1])
  await expect(set, 'BUNDLE_PART_MISSING', [set.parts[1]])
})

test('the last part missing is not taken for the end', async (t) => {
  const set = await five(t)
  await rm(set.parts[4])
  await expect(set, 'BUNDLE_PART_MISSING', [set.parts[4]])
})

test('all parts that are missing are named at once', async (t) => {
  const set = await five(t)
  await rm(set.parts[1])
  await rm(set.parts[3])
  await expect(set, 'BUNDLE_PART_MISSING', [set.parts[1], set.parts[3]])
})

test('two parts that were swapped are named', async (t) => {
  const set = await five(t)
  await rename(set.parts[1], `${set.path}.aside`)
  await rename(set.parts[2], set.parts[1])
  await rename(`${set.path}.aside`, set.parts[2])
  const error = await expect(set, 'BUNDLE_PART_CONTENT', [set.parts[1], set.parts[2]])
  assert.match(error.message, /parts\.002 holds what belongs in parts\.003/)
})

test('any two parts that were swapped, and all of them turned round, are named', async (t) => {
  const set = await five(t)
  const swap = async (one: string, two: string) => {
    await rename(one, `${set.path}.aside`)
    await rename(two, one)
    await rename(`${set.path}.aside`, two)
  }
  for (const [i, one] of set.parts.entries())
    for (const two of set.parts.slice(i + 1)) {
      await swap(one, two)
      const error = await failure(set.path, set.trust)
      assert.ok(error)
      assert.match(error.code, /^BUNDLE_PART_(CONTENT|SIZE)$/)
      for (const part of [one, two]) assert.match(error.fix ?? '', new RegExp(basename(part)))
      assert.match(`${error.message} ${error.why}`, /belongs in parts|may be mixed up/)
      await swap(one, two)
    }
  for (const part of set.parts.slice(1, 4)) await swap(set.parts[0], part)
  const error = await expect(set, 'BUNDLE_PART_CONTENT', set.parts.slice(0, 4))
  assert.match(error.message, /holds what belongs in/)
})

test('a part that is a copy of another one is named', async (t) => {
  const set = await five(t)
  await copyFile(set.parts[1], set.parts[3])
  const error = await failure(set.path, set.trust)
  assert.equal(error?.code, 'BUNDLE_PART_CONTENT')
  assert.match(error.message, /parts\.004 holds what belongs in parts\.002/)
  assert.match(error.fix ?? '', /^carry parts\.004 over/)
})

test('a part of another bundle with the same length is named, the first one too', async (t) => {
  const set = await five(t)
  const other = await five(t)
  // Parts with the same images are the same in both; only parts that differ can be told apart.
  const differ = async (at: number) =>
    !(await readFile(set.parts[at] as string)).equals(await readFile(other.parts[at] as string))
  const foreign: number[] = []
  for (const at of set.parts.keys()) if (await differ(at)) foreign.push(at)
  assert.ok(foreign.includes(0) && foreign.length > 1, `only these parts differ: ${foreign}`)
  for (const at of foreign) {
    const own = await readFile(set.parts[at] as string)
    await copyFile(other.parts[at] as string, set.parts[at] as string)
    await expect(set, 'BUNDLE_PART_CONTENT', [set.parts[at] as string])
    await writeFile(set.parts[at] as string, own)
  }
})

test('one flipped byte in any part names that part alone', async (t) => {
  const set = await five(t)
  for (const part of set.parts)
    for (const at of [0, 77, 511, 2000, (await stat(part)).size - 1]) {
      await flip(part, at)
      await expect(set, 'BUNDLE_PART_CONTENT', [part])
      await flip(part, at)
    }
  assert.equal(await failure(set.path, set.trust), undefined)
})

test('a directory or FIFO in the place of a part is refused without hanging', async (t) => {
  const set = await five(t)
  await rm(set.parts[2])
  execFileSync('mkfifo', [set.parts[2]])
  await expect(set, 'BUNDLE_PART_MISSING', [set.parts[2]])
})

test('parts without their index, and an index without its signature, are refused by name', async (t) => {
  const set = await five(t)
  const signature = `${set.path}.parts.json.sigstore.json`
  await rename(signature, `${signature}.aside`)
  const unsigned = await failure(set.path, set.trust)
  assert.equal(unsigned?.code, 'BUNDLE_UNSIGNED')
  assert.match(unsigned.fix ?? '', /parts\.json\.sigstore\.json/)
  await rename(`${signature}.aside`, signature)
  await rm(`${set.path}.parts.json`)
  assert.equal((await failure(set.path, set.trust))?.code, 'BUNDLE_PARTS')
})

test('changing any byte of the parts index or of its signature is noticed', async (t) => {
  const set = await five(t)
  for (const name of [`${set.path}.parts.json`, `${set.path}.parts.json.sigstore.json`]) {
    const { size } = await stat(name)
    for (let at = 0; at < size; at++) {
      await flip(name, at)
      await assert.rejects(openBundle(set.path, set.trust), SealiftError, `byte ${at} of ${basename(name)}`)
      await flip(name, at)
    }
  }
  assert.equal(await failure(set.path, set.trust), undefined)
})

test('a parts index signed by a key that is not trusted is refused', async (t) => {
  const set = await five(t)
  const index = await readFile(`${set.path}.parts.json`)
  await writeFile(`${set.path}.parts.json.sigstore.json`, signMessage(index, signingKeys().privateKey))
  assert.equal((await failure(set.path, set.trust))?.code, 'BUNDLE_UNTRUSTED')
})

test('a parts index of the same vendor for another bundle is refused', async (t) => {
  const set = await five(t)
  const index = JSON.parse(await readFile(`${set.path}.parts.json`, 'utf8'))
  const forged = toJson({ ...index, index: `sha256:${'0'.repeat(64)}` })
  await writeFile(`${set.path}.parts.json`, forged)
  await writeFile(`${set.path}.parts.json.sigstore.json`, signMessage(forged, set.signingKey))
  const error = await failure(set.path, set.trust)
  assert.equal(error?.code, 'BUNDLE_PARTS')
  assert.match(error.message, /belongs to another bundle/)
})

test('the parts index of another bundle is told from damaged parts, whatever the lengths', async (t) => {
  const set = await five(t)
  const theirs = JSON.parse(await readFile(`${(await five(t)).path}.parts.json`, 'utf8'))
  const own = JSON.parse(await readFile(`${set.path}.parts.json`, 'utf8'))
  const last = own.parts.at(-1)
  const differing = (index: string) =>
    own.parts.map(({ size }: { size: number }, i: number) => ({ size, digest: digestOf(Buffer.from(index + i)) }))
  const cases = {
    'the same lengths': { ...own, index: theirs.index, parts: differing(theirs.index) },
    'another length of the last one': {
      ...{ ...own, index: theirs.index, size: own.size + 512 },
      parts: [...own.parts.slice(0, -1), { ...last, size: last.size + 512 }],
    },
    'more parts': { ...own, index: theirs.index, size: own.size + 7, parts: [...own.parts, { ...last, size: 7 }] },
  }
  for (const [what, other] of Object.entries(cases)) {
    const forged = toJson(other)
    await writeFile(`${set.path}.parts.json`, forged)
    await writeFile(`${set.path}.parts.json.sigstore.json`, signMessage(forged, set.signingKey))
    const error = await failure(set.path, set.trust)
    assert.equal(error?.code, 'BUNDLE_PARTS', what)
    assert.match(error.fix ?? '', /all parts of one bundle/, what)
  }
})

test('a parts index or a signature that is something else says what', async (t) => {
  const set = await five(t)
  for (const name of [`${set.path}.parts.json.sigstore.json`, `${set.path}.parts.json`]) {
    await writeFile(name, '<!doctype html><title>Log in</title>')
    const error = await failure(set.path, set.trust)
    assert.equal(error?.code, 'BUNDLE_PARTS')
    assert.equal(error.message, `${name} is damaged`)
    assert.equal(error.why, 'it is a web page')
  }
})

test('a part that was renamed is found by its number and its length', async (t) => {
  const set = await five(t)
  await rename(set.parts[1], set.parts[1].replace('parts.002', 'copy of parts.002'))
  const error = await failure(set.path, set.trust)
  assert.equal(error?.code, 'BUNDLE_PART_MISSING')
  assert.match(error.why ?? '', /^copy of parts\.002 has its number and its length/)
})

test('pieces that another program cut, and a part alone, are told from damaged bundles', async (t) => {
  const set = await five(t)
  const bytes = await readFile(set.whole)
  const piece = (at: number) => bytes.subarray(at * 5120, (at + 1) * 5120)
  const cuts: [prefix: string, endings: string[], joined: string][] = [
    ['x.bundle.', ['aa', 'ab', 'ac'], '?? > x.bundle;'],
    ['y', ['00', '01', '02'], '?? > y.bundle;'],
    ['z-', ['aaa', 'aab'], '??? > z;'],
    ['w', ['aa', 'ab'], '?? > w.bundle;'],
  ]
  for (const [name, endings, joined] of cuts) {
    const prefix = join(dirname(set.path), name)
    for (const [at, ending] of endings.entries()) await writeFile(prefix + ending, piece(at))
    for (const path of [...endings.map((ending) => prefix + ending), prefix.replace(/[.-]$/, '')])
      for (const open of [openBundle, reuseBlobs]) {
        const error = await open(path, set.trust).catch((failure: SealiftError) => failure)
        assert.ok(error instanceof SealiftError)
        assert.equal(error.code, 'BUNDLE_PARTS', path)
        const fix = `${error.fix}`.replaceAll(`${dirname(set.path)}/`, '')
        assert.ok(fix.startsWith(`join them: cat ${name}${joined}`), fix)
      }
  }
  await rm(`${set.path}.parts.json`)
  for (const part of set.parts) {
    const error = await failure(part, set.trust)
    assert.equal(error?.code, 'BUNDLE_PARTS')
    assert.match(`${error.message} ${error.fix}`, /parts\.json is missing carry .*parts\.json/)
  }
})

test('parts that are not what they were are named where an older bundle is only reused', async (t) => {
  const set = await five(t)
  await copyFile(set.parts[1], set.parts[0])
  const error = await reuseBlobs(set.path, set.trust).catch((failure: SealiftError) => failure)
  assert.equal((error as SealiftError).code, 'BUNDLE_PART_CONTENT')
  assert.match((error as SealiftError).message, /parts\.001 holds what belongs in parts\.002/)
})

test('a part that the disk does not give is named', async (t) => {
  const set = await five(t)
  const failing = { read: () => Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' })) }
  const handle = failing as unknown as FileHandle
  const file = partedFile([{ path: set.parts[0], size: 9, handle }])
  await assert.rejects(file.read(Buffer.alloc(9), 0, 9, 0), code('BUNDLE_UNREADABLE'))
  // its bytes from 0 are not there, and reading them is an error of the kernel
  const memory = await open('/proc/self/mem')
  t.after(() => memory.close())
  assert.equal(
    hashPiece({ size: 9, segments: [{ fd: memory.fd, offset: 0, size: 9 }] }, () => true),
    '',
  )
})

test('the index of the bundle is not taken for a parts index, although the same key signed it', async (t) => {
  const set = await five(t)
  const bundle = await openBundle(set.whole, set.trust)
  const [, index, signature] = bundle.entries
  const bytes = await readFile(set.whole)
  await bundle.close()
  const slice = (entry: typeof index) => bytes.subarray(entry?.offset, (entry?.offset ?? 0) + (entry?.size ?? 0))
  await writeFile(`${set.path}.parts.json`, slice(index))
  await writeFile(`${set.path}.parts.json.sigstore.json`, slice(signature))
  assert.equal((await failure(set.path, set.trust))?.code, 'BUNDLE_PARTS')
})

test('a huge parts index and one that is a directory are refused before they are read', async (t) => {
  const set = await five(t)
  await truncate(`${set.path}.parts.json`, 5_000_000_000)
  assert.equal((await failure(set.path, set.trust))?.code, 'BUNDLE_LIMIT')
  await rm(`${set.path}.parts.json`)
  execFileSync('mkdir', [`${set.path}.parts.json`])
  assert.equal((await failure(set.path, set.trust))?.code, 'BUNDLE_MISSING')
})

test('a part is cut while the bundle is open: the read fails, it does not give other bytes', async (t) => {
  const set = await five(t)
  const bundle = await openBundle(set.path, set.trust)
  t.after(() => bundle.close())
  await truncate(set.parts[3], 10)
  await assert.rejects(verifyBundle(bundle), (error: SealiftError) => error.code === 'BUNDLE_PART_CONTENT')
})
