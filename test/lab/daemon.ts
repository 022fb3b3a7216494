import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { inside } from './network.ts'
import { isRunning, type ProcessRecord, startOf } from './process.ts'
import { type LabState, recordedProcesses, recordProcess } from './state.ts'

/**
 * Starts a program inside the site, detached: it outlives this process. It gets no variables of this process but PATH;
 * its output goes to `<state>/logs/<name>.log`, its pid and start time to `<state>/processes/<name>.json`.
 */
export async function startDaemon(state: LabState, name: string, command: readonly string[]): Promise<ProcessRecord> {
  mkdirSync(join(state.directory, 'logs'), { recursive: true })
  const log = openSync(join(state.directory, 'logs', `${name}.log`), 'a', 0o600)
  const [program = '', ...args] = inside(state.namespace, ...command)
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', HOME: state.directory },
  })
  closeSync(log)
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  child.unref()
  const record = { name, pid: child.pid ?? 0, started: startOf(child.pid ?? 0) ?? 'ended at once' }
  await recordProcess(state, record)
  return record
}

function logEnd(state: LabState, name: string): string {
  const lines = readFileSync(join(state.directory, 'logs', `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.slice(-8).join('\n').slice(-2000)
}

/**
 * Waits until `probe` holds, `limit` milliseconds at most; a probe that throws counts as "not yet".
 * Gives up at once when a daemon of the lab has ended, and shows the end of its log.
 */
export async function waitFor(
  state: LabState,
  what: string,
  limit: number,
  probe: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + limit
  let reason = ''
  for (;;) {
    const ready = await probe().catch((error: SealiftError) => {
      reason = error.why ?? error.message
      return false
    })
    if (ready) return
    const dead = recordedProcesses(state).find((record) => !isRunning(record))
    if (dead !== undefined)
      throw new SealiftError('CLUSTER_LAB_DAEMON', `${dead.name} ended while the lab waited for ${what}`, {
        why: logEnd(state, dead.name),
        fix: `read ${state.directory}/logs/${dead.name}.log`,
      })
    if (performance.now() > end)
      throw new SealiftError('CLUSTER_LAB_TIMEOUT', `${what}: not within ${limit / 1000} s`, {
        why: reason,
        fix: `read the logs in ${state.directory}/logs`,
      })
    await sleep(200)
  }
}
