import { readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { HelmBinary } from './helm-process.ts'

/**
 * A helm whose installer was killed works on alone. Its process id is kept in a file beside its home, so that the next
 * run can end it instead of racing it. Returns a function that forgets it, to be called when it has ended.
 */
export function rememberHelm(helm: HelmBinary, pid: number): () => void {
  writeFileSync(pidFile(helm), String(pid), { mode: 0o600 })
  return () => rmSync(pidFile(helm), { force: true })
}

/**
 * Ends the helm of a killed run at once: what it has installed is what this run goes on with. A process id that belongs to
 * another program by now is left alone. Says whether there was one.
 */
export async function endOrphanedHelm(helm: HelmBinary): Promise<boolean> {
  let pid: number
  try {
    pid = Number(readFileSync(pidFile(helm), 'utf8'))
  } catch {
    return false
  }
  const found = Number.isInteger(pid) && pid > 1 && runs(pid, helm.path)
  if (found) {
    kill(pid)
    while (runs(pid, helm.path)) await setTimeout(20)
  }
  rmSync(pidFile(helm), { force: true })
  return found
}

const pidFile = (helm: HelmBinary): string => path.join(helm.home, 'running.pid')

/** Whether a process runs this very executable (Linux; elsewhere nobody can tell, so no). */
function runs(pid: number, executable: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === realpathSync(executable)
  } catch {
    return false
  }
}

/** With what it started: it leads a group of its own, but for one of an older release. */
function kill(pid: number): void {
  for (const one of [-pid, pid])
    try {
      process.kill(one, 'SIGKILL')
    } catch {
      // it ended by itself in between
    }
}
