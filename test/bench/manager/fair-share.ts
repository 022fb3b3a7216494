import { once } from 'node:events'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { greedyClient } from './greedy.ts'
import type { Replicas } from './replicas.ts'
import { hit, type ManagerBench } from './rows.ts'

/**
 * One user's reads, one after the other: alone, and beside another who takes all they can get from each replica. `fair` is
 * the manager at its usual pace for one user.
 */
export async function fairShareRow(bench: ManagerBench, fair: Replicas, scratch: string): Promise<void> {
  const [patient, greedy] = bench.population.members
  if (!patient || !greedy) throw new Error('nobody is there')
  const path = `/api/v0/workspaces/${patient.workspaces[0]}`
  // slower than the pace, so that it is never this user's own line that is measured
  const volley = { connections: 2, seconds: bench.quick ? 4 : 10, rate: 20 }
  const calls = [{ path, headers: { 'session-token': patient.token } }]
  for (let run = 0; run < bench.runs; run++) {
    await hit(bench, 'fair share', { name: 'alone', replicas: fair }, { ...volley, calls })
    const clients = fair.urls.map((url) =>
      startChild([process.execPath, greedyClient, url, greedy.token], { log: join(scratch, 'greedy.log'), ipc: true }),
    )
    try {
      await Promise.all(clients.map(({ process: child }) => once(child, 'message')))
      await hit(bench, 'fair share', { name: 'beside a greedy one', replicas: fair }, { ...volley, calls })
    } finally {
      await Promise.all(clients.map((client) => client.stop()))
    }
  }
}
