import { alternate } from '../../bench.ts'
import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, cpuOf, fail, offers, placeOf } from '../bench.ts'

/** One connection that gets all that the workspace can send, in messages of 64 KiB. */
export async function bulkRow(bench: Bench): Promise<void> {
  const bytes = (bench.quick ? 192 : 1024) * 1024 * 1024
  await alternate(
    bench.running,
    bench.runs,
    async (proxy) => {
      const [offer = ''] = await offers(bench, 1)
      const before = cpuOf(proxy)
      const seconds = await bench.load.do('bulk', placeOf(proxy, `?bulk=${bytes}`), offer, bytes)
      const megabytes = bytes / 1e6
      bench.log(`bulk  ${proxy.name}  ${(megabytes / seconds).toFixed(0)} MB/s`)
      addRun(figuresOf(bench.figures, 'bulk', proxy.name), {
        rate: megabytes / seconds,
        cpuPerGigabyte: (cpuOf(proxy) - before) / (megabytes / 1000),
      })
    },
    ({ name }, error) => fail(bench, 'bulk', name, error),
  )
}
