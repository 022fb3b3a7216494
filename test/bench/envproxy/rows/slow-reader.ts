import { alternate } from '../../bench.ts'
import { addRun, figuresOf } from '../../figures.ts'
import { type Bench, fail, memoryOfProxy, offers, placeOf, settledMemory } from '../bench.ts'
import { frame } from '../frames.ts'

const bytes = 64 * 1024 * 1024
const expected = (bytes / 65_536) * frame(Buffer.alloc(65_536)).length

/** One client stops reading while 64 MiB are on their way to it: the proxy's memory, and what the others feel. */
export async function slowReaderRow(bench: Bench): Promise<void> {
  const { load, quick } = bench
  const how = { size: 1024, hertz: 50, warmUp: quick ? 0.2 : 0.5, seconds: quick ? 1 : 4 }
  await alternate(
    // without a proxy there is nobody whose memory it could fill
    bench.running.slice(1),
    bench.runs,
    async (proxy) => {
      const [offer = '', ...others] = await offers(bench, 21)
      await load.do('open', 'others', placeOf(proxy), others)
      try {
        const alone = await load.do('pace', 'others', how)
        const before = await settledMemory(proxy)
        await load.do('stall', 'slow', placeOf(proxy, `?bulk=${bytes}`), offer)
        const beside = await load.do('pace', 'others', how)
        const megabytes = (memoryOfProxy(proxy) - before) / 1e6
        const received = await load.do('unstall', 'slow', expected)
        bench.log(`slow reader  ${proxy.name}  ${megabytes.toFixed(1)} MB more`)
        addRun(figuresOf(bench.figures, 'slow reader', proxy.name), {
          megabytes,
          p99: beside.p99,
          p99Alone: alone.p99,
          disconnected: beside.disconnected,
          whole: received === expected ? 1 : 0,
        })
      } finally {
        await load.do('close', 'slow')
        await load.do('close', 'others')
      }
    },
    ({ name }, error) => fail(bench, 'slow reader', name, error),
  )
}
