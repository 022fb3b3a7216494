import { alternate } from '../../bench.ts'
import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, cpuOf, fail, offers, placeOf } from '../bench.ts'

/** Opens and closes connections, 16 at a time. Ours checks the ticket's signature and looks the workspace's name up. */
export async function connectRow(bench: Bench): Promise<void> {
  await alternate(
    bench.running,
    bench.runs,
    async (proxy) => {
      const tickets = await offers(bench, 256)
      const before = cpuOf(proxy)
      const { opened, seconds } = await bench.load.do('churn', placeOf(proxy), tickets, bench.quick ? 0.5 : 3, 16)
      bench.log(`connect  ${proxy.name}  ${(opened / seconds).toFixed(0)} a second`)
      addRun(figuresOf(bench.figures, 'connect', proxy.name), {
        rate: opened / seconds,
        cpuMs: ((cpuOf(proxy) - before) * 1000) / opened,
      })
    },
    ({ name }, error) => fail(bench, 'connect', name, error),
  )
}
