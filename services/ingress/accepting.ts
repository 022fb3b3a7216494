import { readdir, readFile } from 'node:fs/promises'

/**
 * Pids of an NGINX master's workers that take connections. A worker that was told to end says so in its title before
 * it closes its listening sockets, and between the two it takes nothing (ngx_worker_process_cycle); what waits in a
 * socket's backlog then goes to the others.
 */
export async function acceptingWorkers(master: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const found = await Promise.all(pids.map(async (pid) => ((await accepts(pid, master)) ? [pid] : [])))
  return found.flat()
}

async function accepts(pid: number, master: number): Promise<boolean> {
  try {
    // `pid (name) state ppid …`; the name may hold anything, parentheses too (proc_pid_stat(5))
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(parent) !== master) return false
    return !(await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('shutting down')
  } catch {
    return false // it has ended
  }
}
