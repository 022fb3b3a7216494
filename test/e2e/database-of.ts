import { connectCluster } from '../../installer/src/cluster/connection.ts'
import { openDatabase } from '../../installer/src/database/open.ts'
import { tableStates } from '../../installer/src/database/state.ts'
import { areWritesStopped } from '../../installer/src/database/writes.ts'

const settings = [
  'licenses',
  'organizations',
  'members',
  'users',
  'identities',
  'images',
  'registries',
  'ssh_keys',
  'api_keys',
]

/** Which PostgreSQL it is, whether people can write, and what tables hold that nothing but people changes. */
export async function databaseOf(kubeconfig: string) {
  const cluster = connectCluster({ kubeconfig }, AbortSignal.timeout(60_000))
  const opened = await openDatabase(cluster, 'cde')
  try {
    const tables = (await tableStates(opened)).filter(({ name }) => settings.includes(name))
    const workspaces = await opened.query<{ id: string }>('SELECT id, name FROM workspaces ORDER BY id')
    return { major: opened.major, stopped: await areWritesStopped(opened), tables, workspaces }
  } finally {
    await opened.close()
  }
}
