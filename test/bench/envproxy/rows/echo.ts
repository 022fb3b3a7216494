import { alternate } from '../../bench.ts'
import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, cpuOf, fail, offers, placeOf } from '../bench.ts'

/** 1 KiB sent and sent back, 10 times a second on each of so many connections. */
export async function echoRow(bench: Bench, connections: number): Promise<void> {
  const row = `echo ${connections}`
  const { load, quick } = bench
  const how = { size: 1024, hertz: 10, warmUp: quick ? 0.5 : 2, seconds: quick ? 1.2 : 8 }
  await alternate(
    bench.running,
    bench.runs,
    async (proxy) => {
      await load.do('open', row, placeOf(proxy), await offers(bench, connections))
      try {
        const before = cpuOf(proxy)
        const echoes = await load.do('pace', row, how)
        const cpuSeconds = cpuOf(proxy) - before
        bench.log(`${row}  ${proxy.name}  p50 ${echoes.p50.toFixed(2)} ms  p99 ${echoes.p99.toFixed(2)} ms`)
        const { p50, p99, most, messages, lost, disconnected } = echoes
        const share = (seconds: number) => (100 * seconds) / (how.warmUp + how.seconds)
        addRun(figuresOf(bench.figures, row, proxy.name), {
          p50,
          p99,
          most,
          messages,
          lost,
          disconnected,
          cpuSeconds,
          cpuShare: share(cpuSeconds),
          clientShare: share(echoes.cpuSeconds),
        })
      } finally {
        await load.do('close', row)
      }
    },
    ({ name }, error) => fail(bench, row, name, error),
  )
}
