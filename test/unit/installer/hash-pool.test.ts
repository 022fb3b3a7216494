import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashPieces } from '../../../installer/src/stores/bundle/hash-pool.ts'
import { temporaryDirectory } from '../../fixtures/directory.ts'

const mebibyte = 1 << 20

test('pieces of a file are hashed on threads as they are on one', async (t) => {
  const content = randomBytes(24 * mebibyte)
  const file = await open(join(await temporaryDirectory(t), 'f'), 'w+')
  t.after(() => file.close())
  await file.write(content)
  const pieces = [0, 1, 2, 3].map((n) => {
    const offset = n * 5 * mebibyte + n
    const size = 5 * mebibyte
    // one of them in two segments, as where it spans the parts of a bundle
    const cut = n === 2 ? 1234567 : size
    const segments = [
      { fd: file.fd, offset, size: cut },
      { fd: file.fd, offset: offset + cut, size: size - cut },
    ]
    return { segments, offset, size }
  })
  const hashes = new Map<number, string>()
  let bytes = 0
  await hashPieces(pieces, (piece, hex) => hashes.set(piece.offset, hex), { onBytes: (n) => (bytes += n) })
  assert.equal(bytes, 20 * mebibyte)
  for (const { offset, size } of pieces)
    assert.equal(
      hashes.get(offset),
      createHash('sha256')
        .update(content.subarray(offset, offset + size))
        .digest('hex'),
    )
})

test('a file that ends early, a refusal and an abort end the work', async (t) => {
  const file = await open(join(await temporaryDirectory(t), 'f'), 'w+')
  t.after(() => file.close())
  const short = [{ segments: [{ fd: file.fd, offset: 0, size: 32 * mebibyte }], size: 32 * mebibyte }]
  const seen: string[] = []
  await hashPieces(short, (_, hex) => seen.push(hex))
  assert.deepEqual(seen, [''])
  await assert.rejects(
    hashPieces(short, () => assert.fail('refused')),
    /refused/,
  )
  await assert.rejects(
    hashPieces(short, () => {}, { signal: AbortSignal.abort() }),
    { name: 'AbortError' },
  )

  // a file without content, as large as it takes threads some time
  await file.truncate(2 ** 31)
  const long = [{ segments: [{ fd: file.fd, offset: 0, size: 2 ** 31 }], size: 2 ** 31 }]
  const stop = new AbortController()
  await assert.rejects(
    hashPieces(long, () => assert.fail('what was not read to its end has no hash'), {
      signal: stop.signal,
      onBytes: () => stop.abort(),
    }),
    { name: 'AbortError' },
  )
})
