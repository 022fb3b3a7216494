import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerOf, layOut, readHeader } from '@sealift/bundle-spec/tar.ts'
import { code } from '../../fixtures/code.ts'

const blob = `blobs/sha256/${'ab'.repeat(32)}`

test('a header reads back', () => {
  for (const size of [0, 1, 511, 512, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 5 * 1024 ** 4])
    assert.deepEqual(readHeader(headerOf(blob, size)), { name: blob, size })
})

test('sizes decide the layout: records of 512 bytes, blobs in the order of their digests', () => {
  const at = (n: number) => ({ digest: `sha256:${String(n).repeat(64)}`, size: 512 * n + 1 })
  const { entries, size } = layOut(10, 20, [at(3), at(1)])
  assert.deepEqual(
    entries.map((e) => e.offset),
    [512, 1536, 2560, 3584, 5120],
  )
  assert.equal(entries[3]?.name.includes('1111'), true)
  assert.equal(size, 5120 + 2048 + 1024)
})

const alter = (change: (header: Buffer) => void) => {
  const header = headerOf(blob, 5)
  change(header)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')} \0`, 148)
  return header
}

test('headers with a right checksum but another meaning are refused', () => {
  assert.deepEqual(readHeader(alter(() => {})), { name: blob, size: 5 })
  const hostile: Record<string, (h: Buffer) => void> = {
    'a symbolic link': (h) => h.write('2', 156),
    'a hard link': (h) => h.write('1', 156),
    'a device': (h) => h.write('3', 156),
    'a directory': (h) => h.write('5', 156),
    'a PAX extension': (h) => h.write('x', 156),
    'a GNU long name': (h) => h.write('L', 156),
    'a sparse file': (h) => h.write('S', 156),
    'a set-uid mode': (h) => h.write('0004755 ', 100),
    'another owner': (h) => h.write('0001750 ', 108),
    'a time': (h) => h.write('00000000001 ', 136),
    'a user name': (h) => h.write('root', 265),
    'a path prefix': (h) => h.write('../', 345),
    'an absolute name': (h) => h.write('/', 0),
    'a name that climbs': (h) => h.write('../', 0),
    'an upper-case digest': (h) => h.write('AB', 13),
    'a base-256 size that octal could hold': (h) => Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]).copy(h, 124),
    'a negative size': (h) => Buffer.alloc(12, 0xff).copy(h, 124),
  }
  for (const [what, change] of Object.entries(hostile))
    assert.throws(() => readHeader(alter(change)), code('BUNDLE_ENTRY'), what)
})

test('a header with a wrong checksum is refused', () => {
  const header = headerOf(blob, 5)
  header[0] = 0x63
  assert.throws(() => readHeader(header), code('BUNDLE_ENTRY'))
})
