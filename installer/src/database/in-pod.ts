import type { Cluster } from '../cluster/connection.ts'
import { execInPod } from '../cluster/exec.ts'
import { ownName, type RunProgram } from './database.ts'

/** Runs programs in a container, with variables of PostgreSQL's programs (manual, "Environment Variables"); none is secret. */
export function inPod(
  cluster: Cluster,
  where: { namespace: string; pod: string; container: string },
  variables: Record<string, string> = {},
): RunProgram {
  const words = Object.entries({ PGAPPNAME: ownName, ...variables }).map(([name, value]) => `${name}=${value}`)
  return (command, streams) => execInPod(cluster, { ...where, ...streams, command: ['env', ...words, ...command] })
}
