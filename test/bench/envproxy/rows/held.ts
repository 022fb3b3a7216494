import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, fail, offers, placeOf } from '../bench.ts'
import type { Load } from '../load.ts'

/**
 * Connections of all proxies at once, one message of 1 KiB a second on each, for a minute: how many are lost. In the
 * quick mode fewer, for half a minute, beside the other rows.
 */
export async function heldRow(bench: Bench, load: Load): Promise<void> {
  const [connections, seconds] = bench.quick ? [50, 30] : [1000, 60]
  // in the order of the others, whoever ends first
  for (const { name } of bench.contestants) figuresOf(bench.figures, 'held', name)
  await Promise.all(
    bench.running.slice(1).map(async (proxy) => {
      try {
        await load.do('open', proxy.name, placeOf(proxy), await offers(bench, connections))
        const how = { size: 1024, hertz: 1, warmUp: 0, seconds }
        const { disconnected, lost, messages } = await load.do('pace', proxy.name, how)
        bench.log(`held  ${proxy.name}  ${disconnected} of ${connections} lost in ${seconds} s`)
        addRun(figuresOf(bench.figures, 'held', proxy.name), { connections, seconds, disconnected, lost, messages })
        await load.do('close', proxy.name)
      } catch (error) {
        fail(bench, 'held', proxy.name, error as Error)
      }
    }),
  )
}
