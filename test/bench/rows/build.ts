import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { alternate, type Bench, clean, jobOf } from '../bench.ts'
import type { Contestant } from '../contestant.ts'
import { watchDisk } from '../disk.ts'
import { downloadFloor, syncedFloor } from '../floor.ts'
import { measure } from '../measure.ts'
import { timeRun } from '../phases.ts'
import { startRelay } from '../relay.ts'
import { type Result, resultOf } from '../results.ts'

/**
 * From the registry to one file (or as few as the tool can). Round 0 goes through the relay and is watched: it gives
 * bytes and disk, and is not timed.
 */
export async function buildRow(bench: Bench): Promise<void> {
  const { corpus, source, log } = bench
  const all = [...bench.contestants, downloadFloor(corpus), syncedFloor(corpus)]
  await alternate(
    all,
    bench.runs + 1,
    async (contestant, round) => {
      const job = jobOf(bench, contestant, contestant.build(source.host))
      const result = resultOf(bench.results, 'build', contestant.name)
      if (contestant.note) result.note = contestant.note
      const out = join(job.directory, 'out')
      await clean(out, join(job.directory, 'tmp'))
      if (round === 0) await account(bench, contestant, result)
      else await timeRun(job, contestant, result)
      const last = result.runs.at(-1)
      log(`build  ${contestant.name}  ${last ? `${last.seconds.toFixed(2)} s` : 'accounted'}`)
      await rm(out, { recursive: true, force: true })
    },
    (contestant, error) => fail(bench, 'build', contestant.name, error),
  )
}

async function account(bench: Bench, contestant: Contestant, result: Result): Promise<void> {
  const relay = await startRelay(bench.source.port)
  const job = jobOf(bench, contestant, contestant.build(relay.host))
  const peak = watchDisk(join(job.directory, 'out'), join(job.directory, 'tmp'))
  try {
    await measure(job)
    result.sent = relay.sent()
    result.received = relay.received()
  } finally {
    result.disk = await peak()
    await relay.close()
  }
}

/** Makes what each contestant seeds from; who can't is out of the rows behind it. */
export async function carry(bench: Bench): Promise<void> {
  for (const contestant of bench.contestants) {
    const script = (contestant.carry ?? contestant.build)(bench.source.host)
    const job = jobOf(bench, contestant, script)
    const carried = join(job.directory, 'carried')
    await clean(carried, join(job.directory, 'tmp'))
    await measure({ ...job, environment: { ...job.environment, OUT: carried } }).catch((error: Error) => {
      fail(bench, 'carry', contestant.name, error)
      bench.contestants = bench.contestants.filter((other) => other !== contestant)
    })
  }
}

export function fail(bench: Bench, row: string, name: string, error: Error): void {
  bench.log(`${row}  ${name}  failed: ${error.message}`)
  const lines = error.message.split('\n')
  resultOf(bench.results, row, name).failure = lines.findLast((line) => /error|exit/i.test(line)) ?? lines[0] ?? ''
}
