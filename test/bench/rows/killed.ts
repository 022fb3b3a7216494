import { alternate, type Bench, emptyRegistry, jobOf } from '../bench.ts'
import { measure, start } from '../measure.ts'
import { startRelay } from '../relay.ts'
import { resultOf } from '../results.ts'
import { fail } from './build.ts'

/**
 * A seed that gets SIGKILL when half of the content has crossed the wire, and is then run again to its end. What both
 * runs send together is the figure; at best it is the content, once.
 */
export async function killedRow(bench: Bench): Promise<void> {
  const half = bench.corpus.content / 2
  await alternate(
    bench.contestants.filter(({ seed }) => seed),
    Math.min(bench.runs, 3),
    async (contestant) => {
      const registry = await emptyRegistry(bench)
      let kill: (() => void) | undefined
      const relay = await startRelay(registry.port, (sent) => {
        if (sent >= half) kill?.()
      })
      try {
        const job = jobOf(bench, contestant, contestant.seed?.(relay.host) ?? '')
        const first = await start(job)
        kill = first.kill
        const ended = await first.ended
        kill = undefined
        const result = resultOf(bench.results, 'killed', contestant.name)
        if (ended) result.note = 'it ended before half had crossed'
        const before = relay.sent()
        const second = await measure(job)
        result.runs.push(second)
        result.totals = [...(result.totals ?? []), relay.sent()]
        const [a, b] = [before, relay.sent() - before].map((bytes) => Math.round(bytes / 1e6))
        bench.log(`killed  ${contestant.name}  ${a} MB, then ${b} MB`)
      } finally {
        await relay.close()
        await registry.end()
      }
    },
    ({ name }, error) => fail(bench, 'killed', name, error),
  )
}
