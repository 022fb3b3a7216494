import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { headerOf } from '@sealift/bundle-spec/tar.ts'
import { splitBundle } from '../../../installer/src/stores/bundle/split.ts'
import type { Site } from '../bundle-verbs.ts'
import type { Fault } from './change.ts'

/** Bytes of the bundle, changed. */
export const bytes =
  (change: (old: Buffer) => Buffer | Promise<Buffer>) =>
  async ({ path }: Site) =>
    writeFile(path, await change(await readFile(path)))

const parts = (change: (last: string) => Promise<void>) => async (site: Site) => {
  const made = await splitBundle({
    path: site.path,
    trust: site.trust,
    signingKey: site.options.signingKey,
    partSize: 4096,
    move: true,
  })
  await change(made.parts.at(-1)?.path as string)
}

export const poke = (old: Buffer, at: number): Buffer => {
  old[at] = (old[at] as number) ^ 1
  return old
}

/** The first blob's header says that it is a link; its checksum is right. */
function link(old: Buffer): Buffer {
  const at = old.indexOf('blobs/sha256/')
  old.write('2', at + 156)
  const sum = old.subarray(at, at + 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  old.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148)
  return old
}

function doubled(old: Buffer): Buffer {
  const last = old.lastIndexOf('blobs/sha256/')
  return Buffer.concat([old.subarray(0, -1024), old.subarray(last, -1024), Buffer.alloc(1024)])
}

function withoutSignature(old: Buffer): Buffer {
  const at = old.indexOf('index.json.sigstore.json')
  const size = Number.parseInt(old.subarray(at + 124, at + 135).toString(), 8)
  assert.ok(headerOf('index.json.sigstore.json', size).equals(old.subarray(at, at + 512)))
  return Buffer.concat([old.subarray(0, at), old.subarray(at + 512 + Math.ceil(size / 512) * 512)])
}

/** Faults of the file, or of its parts. */
export const ofFile: Fault[] = [
  ['no file', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path)],
  ['a directory', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path).then(() => mkdir(path))],
  ['a FIFO', 'file', 'BUNDLE_MISSING', ({ path }) => rm(path).then(() => execFileSync('mkfifo', [path]))],
  ['compressed with gzip', 'file', 'BUNDLE_FORMAT', bytes((old) => gzipSync(old))],
  ['compressed with zstd', 'file', 'BUNDLE_FORMAT', bytes((old) => zstdCompressSync(old))],
  ['cut in the middle', 'file', 'BUNDLE_TRUNCATED', ({ path }) => truncate(path, 5000)],
  ['zeros behind its end', 'file', 'BUNDLE_FORMAT', bytes((old) => Buffer.concat([old, Buffer.alloc(512)]))],
  ['a symbolic link inside', 'file', 'BUNDLE_ENTRY', bytes((old) => link(old))],
  [
    'an entry with a wrong checksum',
    'file',
    'BUNDLE_ENTRY',
    bytes((old) => poke(old, old.indexOf('blobs/sha256/') + 148)),
  ],
  ['an entry twice', 'file', 'BUNDLE_FORMAT', bytes((old) => doubled(old))],
  ['no signature', 'file', 'BUNDLE_UNSIGNED', bytes((old) => withoutSignature(old))],
  [
    'a last part that is a byte short',
    'file',
    'BUNDLE_PART_SIZE',
    parts(async (last) => truncate(last, (await readFile(last)).length - 1)),
  ],
  [
    'a last part that is longer by zeros',
    'file',
    'BUNDLE_PART_SIZE',
    parts(async (last) => truncate(last, (await readFile(last)).length + 512)),
  ],
]
