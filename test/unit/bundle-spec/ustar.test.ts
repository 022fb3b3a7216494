import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeHeader, encodeHeader } from '@sealift/bundle-spec/ustar.ts'
import { Header } from 'tar/header'

const sizes = [0, 1, 511, 512, 8 ** 10 - 1, 8 ** 10, 8 ** 11 - 1, 8 ** 11, 5 * 1024 ** 4, Number.MAX_SAFE_INTEGER]

test('a header of ours is, byte for byte, the one that another program makes of the same fields', () => {
  for (const path of ['index.json', `blobs/sha256/${'0f'.repeat(32)}`, 'ä/ö.txt', 'n'.repeat(99)])
    for (const size of sizes) {
      const block = Buffer.alloc(512)
      const mtime = new Date(0)
      new Header({ path, mode: 0o644, uid: 0, gid: 0, size, mtime, type: 'File', uname: '', gname: '' }).encode(block)
      assert.deepEqual(encodeHeader(path, size), block, `${path} ${size}`)
      assert.deepEqual(decodeHeader(block), { name: path, size, type: '0', linkName: '' })
    }
  assert.equal(encodeHeader('n'.repeat(100), 1).toString('latin1', 345, 500), '\0'.repeat(155))
})

/** A header of another program, with its checksum set right after a change. */
function changed(change: (block: Buffer) => void): Buffer {
  const block = encodeHeader('layer.tar', 5)
  change(block)
  block.fill(' ', 148, 156)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

test('what other programs write is read: padding, kinds, long names, and the directories of old ones', () => {
  assert.equal(decodeHeader(changed((b) => b.write('         17 ', 124)))?.size, 15)
  assert.equal(decodeHeader(changed((b) => b.fill(0, 124, 136)))?.size, 0)
  assert.equal(decodeHeader(changed((b) => b.fill(0, 156, 157)))?.type, '0')
  const directory = changed((b) => {
    b.write('old/\0', 0)
    b.fill(0, 156, 157)
  })
  assert.deepEqual(decodeHeader(directory), { name: 'old/', size: 0, type: '5', linkName: '' })
  assert.equal(decodeHeader(changed((b) => b.write('a/long/one', 345)))?.name, 'a/long/one/layer.tar')
  const gnu = changed((b) => {
    b.write('ustar  \0', 257)
    b.write('not a prefix', 345)
  })
  assert.equal(decodeHeader(gnu)?.name, 'layer.tar')
  const link = changed((b) => {
    b.write('2', 156)
    b.write('../shared.tar', 157)
  })
  assert.deepEqual([decodeHeader(link)?.type, decodeHeader(link)?.linkName], ['2', '../shared.tar'])
})

test('what is no header, and a size that no file can have, are undefined', () => {
  const negative = Buffer.alloc(12, 0xff)
  const huge = Buffer.concat([Buffer.of(0x80), Buffer.alloc(11, 0xff)])
  const beyond = Buffer.from('800000000020000000000000', 'hex')
  const wild = [
    negative,
    huge,
    beyond,
    Buffer.alloc(12, 0xc0),
    Buffer.from('not a number'),
    Buffer.from('-0000000001\0'),
  ]
  for (const size of [...wild, Buffer.from('00000000009\0'), Buffer.from('0000 000001\0')])
    assert.equal(decodeHeader(changed((b) => size.copy(b, 124))), undefined, size.toString('hex'))
  assert.equal(decodeHeader(changed((b) => b.fill(0, 0, 100))), undefined)
  for (const block of [Buffer.alloc(0), Buffer.alloc(512), Buffer.alloc(512, 0xff), encodeHeader('a', 1).subarray(1)])
    assert.equal(decodeHeader(block), undefined)
  const sum = encodeHeader('layer.tar', 5)
  for (const field of [Buffer.alloc(8, 0xff), Buffer.from('zzzzzzzz'), Buffer.alloc(8)]) {
    field.copy(sum, 148)
    assert.equal(decodeHeader(sum), undefined)
  }
})
