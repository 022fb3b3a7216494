import { join } from 'node:path'
import { alternate, type Bench, clean, emptyRegistry, jobOf } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { watchDisk } from '../disk.ts'
import { measure } from '../measure.ts'
import { namesKept } from '../names.ts'
import { timeRun } from '../phases.ts'
import { cpuSecondsOf } from '../process-usage.ts'
import { startRelay } from '../relay.ts'
import { resultOf } from '../results.ts'
import { fail } from './build.ts'

/**
 * Into an empty docker-registry (cold), then the same again with nothing changed (warm). Round 0 goes through the relay
 * and is watched: it gives bytes, disk and whether names are kept, and is not timed.
 */
export async function seedRows(bench: Bench, rows: { cold: boolean; warm: boolean }): Promise<void> {
  await alternate(
    bench.contestants.filter(({ seed }) => seed),
    bench.runs + 1,
    async (contestant, round) => {
      const registry = await emptyRegistry(bench)
      try {
        for (const row of ['seed-cold', 'seed-warm']) {
          if (row === 'seed-warm' && !rows.warm) continue
          const { directory } = jobOf(bench, contestant, '')
          await clean(join(directory, 'out'), join(directory, 'tmp'))
          if (round === 0) await account(bench, row, contestant, registry)
          else await time(bench, row, contestant, registry)
        }
      } finally {
        await registry.end()
      }
    },
    ({ name }, error) => fail(bench, 'seed-cold', name, error),
  )
  if (!rows.cold)
    bench.results.splice(0, bench.results.length, ...bench.results.filter(({ row }) => row !== 'seed-cold'))
}

type Target = Awaited<ReturnType<typeof emptyRegistry>>

async function account(bench: Bench, row: string, contestant: Contestant, registry: Target): Promise<void> {
  const result = resultOf(bench.results, row, contestant.name)
  if (contestant.note) result.note = contestant.note
  const relay = await startRelay(registry.port)
  const job = jobOf(bench, contestant, contestant.seed?.(relay.host) ?? '')
  const peak = watchDisk(join(job.directory, 'out'), join(job.directory, 'tmp'))
  try {
    await measure(job)
    result.sent = relay.sent()
    result.received = relay.received()
    if (row === 'seed-cold') result.namesKept = await namesKept(bench, registry.host)
  } finally {
    result.disk = await peak()
    await relay.close()
  }
}

async function time(bench: Bench, row: string, contestant: Contestant, registry: Target): Promise<void> {
  const result = resultOf(bench.results, row, contestant.name)
  const before = cpuSecondsOf(registry.process.pid)
  await timeRun(jobOf(bench, contestant, contestant.seed?.(registry.host) ?? ''), contestant, result)
  result.otherCpu = [...(result.otherCpu ?? []), cpuSecondsOf(registry.process.pid) - before]
  bench.log(`${row}  ${contestant.name}  ${result.runs.at(-1)?.seconds.toFixed(2)} s`)
}
