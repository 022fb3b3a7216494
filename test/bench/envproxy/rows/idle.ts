import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, type Contestant, fail, offers, placeOf, settledMemory } from '../bench.ts'

const connections = 1000

/**
 * Memory of a connection on which nothing happens, of a proxy that was just started: what it holds with 1,000 of them
 * more than after the first 50 came and went. Side by side, as nothing is timed.
 */
export async function idleRow(bench: Bench): Promise<void> {
  // in the order of the others, whoever ends first
  for (const { name } of bench.contestants) figuresOf(bench.figures, 'idle', name)
  for (let run = 0; run < bench.runs; run++)
    await Promise.all(
      bench.contestants.map((one) => measure(bench, one).catch((error: Error) => fail(bench, 'idle', one.name, error))),
    )
}

async function measure(bench: Bench, { name, start }: Contestant): Promise<void> {
  const { load } = bench
  const group = `idle ${name}`
  const proxy = await start()
  try {
    await load.do('open', group, placeOf(proxy), await offers(bench, 50))
    await load.do('close', group)
    const before = await settledMemory(proxy)
    await load.do('open', group, placeOf(proxy), await offers(bench, connections))
    const kilobytes = ((await settledMemory(proxy)) - before) / connections / 1000
    bench.log(`idle  ${name}  ${kilobytes.toFixed(1)} KB a connection`)
    addRun(figuresOf(bench.figures, 'idle', name), { kilobytes, before: before / 1e6 })
  } finally {
    await load.do('close', group)
    await proxy.stop()
  }
}
