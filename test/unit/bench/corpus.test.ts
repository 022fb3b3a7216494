import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync, gunzipSync } from 'node:zlib'
import { list } from 'tar'
import { plans } from '../../bench/corpus-plan.ts'
import { describeLayer, layerBytes } from '../../bench/layer.ts'

async function collect(name: string, size: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of layerBytes(name, size)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a made layer is a gzipped tar of one file, and its description is true', async () => {
  const bytes = await collect('base', 1_500_001)
  const described = await describeLayer('base', 1_500_001)
  const hex = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`
  const tar = gunzipSync(bytes)
  assert.deepEqual(described, { digest: hex(bytes), size: bytes.length, diffId: hex(tar) })
  const entries: [string, number][] = []
  const reader = list({ onReadEntry: (entry) => entries.push([entry.path, entry.size]) })
  reader.end(tar)
  assert.deepEqual(entries, [['data/base', 1_500_001]])
})

test('a made layer is the same each time, another for another name, and cannot be compressed', async () => {
  const [a, again, b] = await Promise.all([collect('a', 300_000), collect('a', 300_000), collect('b', 300_000)])
  assert.ok(a.equals(again))
  // between the tar header, which holds the name, and the checksum at the end
  assert.ok(!a.subarray(2000, 200_000).equals(b.subarray(2000, 200_000)))
  assert.ok(deflateSync(a).length > 299_000)
})

test('the plans have the sizes that they are named after', () => {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)
  const total = (plan: { layers: object }) => sum(Object.values(plan.layers))
  assert.deepEqual([total(plans.small), total(plans['1g']), total(plans['8g'])], [349, 1000, 8000])
  const layers: Record<string, number> = plans.small.layers
  const unshared = Object.values(plans.small.images).flatMap((names) => names.map((name) => layers[name] as number))
  assert.equal(sum(unshared), 437)
})
