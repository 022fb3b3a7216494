import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from '../../../services/manager/database.ts'
import { startPostgres } from '../../integration/postgres.ts'
import { type Child, startChild } from '../child.ts'
import type { Figures } from '../figures.ts'
import { type Machine, machine } from '../machine.ts'
import { npmPeers, npmVersion } from '../npm.ts'
import { cpuSecondsOf, cpuSecondsWithEnded } from '../process-usage.ts'
import { makeScratch } from '../scratch.ts'
import type { Hits, Volley } from './client.ts'
import { fairShareRow } from './fair-share.ts'
import { populate } from './population.ts'
import { startReplicas } from './replicas.ts'
import { loginRow, type ManagerBench, readRow } from './rows.ts'

export interface ManagerOptions {
  runs: number
  quick: boolean
  /** flags of Node for ours, such as --cpu-prof */
  nodeFlags: string[]
  log: (line: string) => void
}

export interface ManagerReport {
  runs: number
  quick: boolean
  machine: Machine
  versions: Record<string, string>
  figures: Figures[]
}

const script = fileURLToPath(new URL('./client.ts', import.meta.url))

/** Measures two replicas of the manager over a PostgreSQL of their own, and the least that such a service costs. */
export async function benchManager({ runs, quick, nodeFlags, log }: ManagerOptions): Promise<ManagerReport> {
  const loadBefore = loadavg()
  const modules = await npmPeers(log)
  const { directory: scratch, stop: removeScratch } = await makeScratch()
  const stops: (() => unknown)[] = [removeScratch]
  const kept = <T extends { stop: () => unknown }>(one: T): T => {
    stops.push(() => one.stop())
    return one
  }
  try {
    const postgres = kept(await startPostgres())
    const manager = kept(
      await startReplicas('manager', scratch, postgres, nodeFlags, { REQUESTS_PER_SECOND: '1000000' }),
    )
    const fair = kept(await startReplicas('manager', scratch, postgres, nodeFlags))
    const bare = kept(await startReplicas('bare', scratch, postgres, []))
    const { host, port, user, password } = postgres
    const settings = { host, port, user, password, database: 'postgres', ca: undefined }
    const database = openDatabase(settings, { warn: () => {} })
    stops.push(() => database.end())
    const client = kept(
      startChild([process.execPath, script, join(modules, 'autocannon/autocannon.js')], {
        log: join(scratch, 'client.log'),
        ipc: true,
      }),
    )
    const bench: ManagerBench = {
      bare,
      manager,
      population: await populate(database),
      fire: (volley) => fire(client, volley),
      databaseCpu: () => databaseCpu(database),
      figures: [],
      runs,
      quick,
      log,
    }
    for (const connections of quick ? [100] : [10, 100]) await readRow(bench, connections)
    await fairShareRow(bench, fair, scratch)
    await loginRow(bench)
    const versions = { autocannon: await npmVersion(modules, 'autocannon') }
    return { runs, quick, machine: machine(loadBefore), versions, figures: bench.figures }
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** CPU seconds of all PostgreSQL's processes, those that have ended too. */
async function databaseCpu(database: Database): Promise<number> {
  const { rows } = await database.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')
  const first = rows[0]?.pid ?? 0
  const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${first}/status`, 'latin1'))?.[1])
  // one that ends between the question and the look counts among those that have ended
  const running = rows.filter(({ pid }) => existsSync(`/proc/${pid}/stat`))
  return running.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), cpuSecondsWithEnded(parent))
}

async function fire({ process: child }: Child, volley: Volley): Promise<Hits> {
  const ended = new AbortController()
  const gone = once(child, 'exit', ended).then(() => Promise.reject(new Error('the client ended')))
  const answer = once(child, 'message', ended)
  child.send(volley)
  try {
    const [{ hits, error }] = (await Promise.race([answer, gone])) as [{ hits?: Hits; error?: string }]
    if (!hits) throw new Error(error)
    return hits
  } finally {
    ended.abort()
    gone.catch(() => {})
  }
}
