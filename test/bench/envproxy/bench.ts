import { setTimeout as sleep } from 'node:timers/promises'
import { type Figures, figuresOf } from '../figures.ts'
import { cpuSecondsOf, memoryOf } from '../process-usage.ts'
import type { Load } from './load.ts'
import type { RunningProxy } from './proxies.ts'
import type { StandInManager } from './stand-in-manager.ts'
import { path } from './stand-in-manager.ts'

/** A proxy that can be started. */
export interface Contestant {
  name: string
  start: () => Promise<RunningProxy>
}

/** All that rows need. */
export interface Bench {
  contestants: Contestant[]
  /** those that run all the time, in the same order, after no proxy at all */
  running: RunningProxy[]
  load: Load
  manager: StandInManager
  figures: Figures[]
  runs: number
  quick: boolean
  log: (line: string) => void
}

export const cpuOf = ({ pids }: RunningProxy): number => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)

export const memoryOfProxy = ({ pids }: RunningProxy): number => pids.reduce((sum, pid) => sum + memoryOf(pid), 0)

/** Memory in bytes once garbage is collected and connections that ended are gone. */
export async function settledMemory(proxy: RunningProxy): Promise<number> {
  for (let i = 0; i < 2; i++) {
    await sleep(400)
    if (proxy.node) for (const pid of proxy.pids) process.kill(pid, 'SIGUSR2')
  }
  await sleep(600)
  return memoryOfProxy(proxy)
}

/** Where a proxy is asked for the workspace. */
export const placeOf = ({ host, port }: RunningProxy, query = '') => ({ host, port, target: `${path}${query}` })

/** What so many connections offer as subprotocols: one of the workspace's, and a real ticket. */
export async function offers({ manager }: Bench, count: number): Promise<string[]> {
  const all: string[] = []
  for (let i = 0; i < count; i++) all.push(`cde.shell.v1, ticket.${await manager.ticket(i)}`)
  return all
}

/** Notes that somebody could not finish a row. */
export function fail({ figures, log }: Bench, row: string, name: string, { message }: Error): void {
  figuresOf(figures, row, name).failure = message
  log(`${row}  ${name}  failed: ${message}`)
}
