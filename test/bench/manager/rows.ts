import { addRun, type Figures, figuresOf } from '../figures.ts'
import { cpuSecondsOf } from '../process-usage.ts'
import type { Call, Hits, Volley } from './client.ts'
import type { Population } from './population.ts'
import { password } from './population.ts'
import type { Replicas } from './replicas.ts'

export interface ManagerBench {
  bare: Replicas
  manager: Replicas
  population: Population
  fire: (volley: Volley) => Promise<Hits>
  /** CPU seconds of PostgreSQL's processes that serve the replicas */
  databaseCpu: () => Promise<number>
  figures: Figures[]
  runs: number
  quick: boolean
  log: (line: string) => void
}

interface Target {
  name: string
  replicas: Replicas
  calls: Call[]
}

/** Who is called with what. Every user calls with a session of their own. */
function targetsOf({ bare, manager, population }: ManagerBench): Target[] {
  const { members, admin, leaders } = population
  const as = (token: string, path: string): Call => ({ path, headers: { 'session-token': token } })
  return [
    { name: 'bare', replicas: bare, calls: [{ path: '/' }] },
    { name: 'me', replicas: manager, calls: members.map(({ token }) => as(token, '/api/v0/me')) },
    {
      name: 'get',
      replicas: manager,
      calls: members.map(({ token, workspaces }, i) => as(token, `/api/v0/workspaces/${workspaces[i % 20]}`)),
    },
    { name: 'list, own 20', replicas: manager, calls: members.map(({ token }) => as(token, '/api/v0/workspaces')) },
    { name: 'list, a page of 1000', replicas: manager, calls: [as(admin, '/api/v0/workspaces')] },
    {
      name: 'list, a page of an organization',
      replicas: manager,
      calls: leaders.map((token) => as(token, '/api/v0/workspaces')),
    },
  ]
}

/** Reading, with so many connections shared by both replicas. */
export async function readRow(bench: ManagerBench, connections: number): Promise<void> {
  const seconds = bench.quick ? 2 : 8
  const targets = targetsOf(bench)
  // the first calls compile
  for (const { replicas, calls } of targets)
    await bench.fire({ urls: replicas.urls, connections: 4, seconds: 1, calls })
  for (let run = 0; run < bench.runs; run++)
    for (const { name, replicas, calls } of targets)
      await hit(bench, `read ${connections}`, { name, replicas }, { connections, seconds, calls })
}

/** Logging in with the right password, 10 at a time, 5 at each replica: two hashes at once is what a replica allows itself. */
export async function loginRow(bench: ManagerBench): Promise<void> {
  const calls = bench.population.members.map(({ username }, i) => ({
    path: '/auth/basic/login',
    method: 'POST' as const,
    // addresses are limited too
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `192.0.2.${i + 1}` },
    body: JSON.stringify({ username, password }),
  }))
  const target = { name: 'login', replicas: bench.manager }
  const amount = bench.quick ? 60 : 200
  for (let run = 0; run < bench.runs; run++)
    await hit(bench, 'login', target, { connections: 10, seconds: 60, calls, amount })
}

/** Calls one target, and notes what came of it. */
export async function hit(
  bench: ManagerBench,
  row: string,
  { name, replicas }: Pick<Target, 'name' | 'replicas'>,
  volley: Omit<Volley, 'urls'>,
): Promise<void> {
  const cpu = () => replicas.pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
  const [before, databaseBefore, begun] = [cpu(), await bench.databaseCpu(), performance.now()]
  const hits = await bench.fire({ ...volley, urls: replicas.urls })
  const seconds = (performance.now() - begun) / 1000
  const answered = hits.rate * seconds
  const each = (used: number) => (used * 1000) / answered
  bench.log(`${row}  ${name}  ${hits.rate.toFixed(0)} a second  p99 ${hits.p99.toFixed(1)} ms`)
  addRun(figuresOf(bench.figures, row, name), {
    rate: hits.rate,
    p50: hits.p50,
    p99: hits.p99,
    cpuMs: each(cpu() - before),
    databaseMs: each((await bench.databaseCpu()) - databaseBefore),
    clientShare: (100 * hits.cpuSeconds) / seconds,
    kilobytes: hits.bytes / 1000,
    failed: hits.failed,
  })
}
