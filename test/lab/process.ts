import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that can be told from a later one with the same pid. */
export type ProcessRecord = { name: string; pid: number; started: string }

/**
 * When a process started: the boot's id and clock ticks since boot (proc(5), /proc/pid/stat field 22).
 * Undefined when there is no such process or only its corpse.
 */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}

export function isRunning(record: ProcessRecord): boolean {
  return startOf(record.pid) === record.started
}

/** All processes for which `wanted(pid)` holds; one that ends meanwhile is left out. */
export function findProcesses(name: string, wanted: (pid: number) => boolean): ProcessRecord[] {
  const found: ProcessRecord[] = []
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid) continue
    const started = startOf(pid)
    try {
      if (started !== undefined && wanted(pid)) found.push({ name, pid, started })
    } catch {
      // it ended while we looked
    }
  }
  return found
}

function signal(record: ProcessRecord, name: NodeJS.Signals): void {
  if (!isRunning(record)) return
  try {
    process.kill(record.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function ended(records: readonly ProcessRecord[], milliseconds: number): Promise<boolean> {
  const limit = performance.now() + milliseconds
  while (records.some(isRunning)) {
    if (performance.now() > limit) return false
    await sleep(50)
  }
  return true
}

/** Ends processes: SIGTERM, `grace` milliseconds, then SIGKILL. Recycled pids are left alone. Returns who is left. */
export async function stopProcesses(records: readonly ProcessRecord[], grace: number): Promise<ProcessRecord[]> {
  if (grace > 0) {
    for (const record of records) signal(record, 'SIGTERM')
    if (await ended(records, grace)) return []
  }
  for (const record of records) signal(record, 'SIGKILL')
  await ended(records, 10_000)
  return records.filter(isRunning)
}
