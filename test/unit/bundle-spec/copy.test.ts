import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CopyProgress, copyGraph } from '@sealift/bundle-spec/copy.ts'
import { readGraph } from '@sealift/bundle-spec/graph.ts'
import { adaptive } from '@sealift/bundle-spec/pace.ts'
import type { ContentSink, WriteOptions } from '@sealift/bundle-spec/store.ts'
import { throttled } from '@sealift/bundle-spec/throttle.ts'
import { memoryStore } from '../../../installer/src/stores/memory.ts'
import { code } from '../../fixtures/code.ts'
import { putImage } from '../../fixtures/release.ts'

async function graphOf(layers: readonly string[]) {
  const from = memoryStore()
  const name = 'r.example/a:1'
  return {
    from,
    graph: await readGraph(from, [{ descriptor: await putImage(from, name, layers), source: name, target: name }]),
  }
}

/** A pace under a clock that the test moves: `run(rate, windows)` lets so many bytes a millisecond pass. */
function pacing(t: { after: (f: () => void) => void }) {
  let now = 0
  let grown = 0
  const pace = adaptive(
    () => grown++,
    () => now,
  )
  t.after(() => pace.close())
  return {
    pace,
    grown: () => grown,
    run(rate: (limit: number) => number, windows: number) {
      for (let i = 0; i < windows; i++) {
        now += 500
        pace.moved(500 * rate(pace.limit))
      }
    },
  }
}

test('more is under way at once while throughput grows with it, up to a bound', (t) => {
  const { pace, run, grown } = pacing(t)
  assert.equal(pace.limit, 4)
  run((limit) => limit * 1000, 50)
  assert.equal(pace.limit, 16)
  assert.ok(grown() > 0)
})

test('a step that does not pay is taken back, and tried again only after a while', (t) => {
  const { pace, run } = pacing(t)
  run(() => 1000, 1)
  assert.equal(pace.limit, 6)
  run(() => 1050, 1)
  assert.equal(pace.limit, 4)
  run(() => 1000, 9)
  assert.equal(pace.limit, 4)
  run(() => 1000, 1)
  assert.equal(pace.limit, 6)
})

test('a place that throttles halves it, once for all that it refuses at the same time', (t) => {
  const { pace, run } = pacing(t)
  run((limit) => limit * 1000, 50)
  for (let i = 0; i < 16; i++) throttled.publish(undefined)
  assert.equal(pace.limit, 8)
  run((limit) => limit * 1000, 19)
  assert.equal(pace.limit, 8)
  throttled.publish(undefined)
  for (let i = 0; i < 5; i++) {
    run(() => 0, 3)
    throttled.publish(undefined)
  }
  assert.equal(pace.limit, 1)
})

test('a copy has no more under way than it may, and ends what it began before it fails', async () => {
  const { from, graph } = await graphOf(Array.from({ length: 20 }, (_, i) => `layer ${i}`))
  const to = memoryStore()
  let active = 0
  let most = 0
  let writes = 0
  const watched: ContentSink = {
    ...to,
    async write(...rest) {
      most = Math.max(most, ++active)
      await sleep(2)
      active--
      if (++writes === 10) throw Object.assign(new Error('cut'), { code: 'cut' })
      return await to.write(...rest)
    },
  }
  await assert.rejects(copyGraph(from, watched, graph, { concurrency: 3 }), /cut/)
  assert.equal(most, 3)
  assert.equal(active, 0)
  assert.ok(writes < 14)
})

test('an aborted copy throws the reason of the abort', async () => {
  const { from, graph } = await graphOf(['a', 'b', 'c'])
  const controller = new AbortController()
  const to: ContentSink = {
    ...memoryStore(),
    async write() {
      controller.abort(new Error('stopped'))
      return 'sent'
    },
  }
  await assert.rejects(copyGraph(from, to, graph, { concurrency: 1, signal: controller.signal }), /stopped/)
})

test('progress starts at what is there and stays right when bytes are sent twice', async () => {
  const { from, graph } = await graphOf(['x'.repeat(1000), 'y'.repeat(500)])
  const to = memoryStore()
  const half = graph.nodes.find((node) => node.descriptor.size === 1000)
  const seen: CopyProgress[] = []
  const sink: ContentSink = {
    ...to,
    held: ({ digest }) => (digest === half?.descriptor.digest ? 400 : 0),
    async write(repository, descriptor, source, options: WriteOptions = {}) {
      options.onBytes?.(descriptor.size)
      return await to.write(repository, descriptor, source, options)
    },
  }
  const { sent } = await copyGraph(from, sink, graph, { onProgress: (progress) => seen.push(progress) })
  assert.equal(seen[0]?.done, 400)
  assert.equal(seen.at(-1)?.done, graph.size)
  assert.ok(seen.every(({ done }, i) => done <= graph.size && done >= (seen[i - 1]?.done ?? 0)))
  assert.equal(sent, 2 * graph.size)
})

test('a place that proves content itself gets it as it comes; for any other it is proven on the way', async () => {
  const { from, graph } = await graphOf(['layer'])
  const lying = {
    ...from,
    open: async (...rest: Parameters<typeof from.open>) =>
      (async function* () {
        for await (const chunk of await from.open(...rest)) yield Buffer.from(chunk).fill(0)
      })(),
  }
  await assert.rejects(copyGraph(lying, memoryStore(), graph), code('BUNDLE_CONTENT'))
  await copyGraph(lying, { ...memoryStore(), proves: true }, graph)
})
