import type { ChartValues } from '../cluster/chart-values.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { Database } from '../database/database.ts'
import { placeOf } from '../database/external.ts'
import { helperContainer, startHelperPod } from '../database/helper-pod.ts'
import { inPod } from '../database/in-pod.ts'
import { databaseBy } from '../database/psql.ts'

/** name of the pod */
const name = 'sealift-proof'

/** Nothing in it is to last, and nobody comes over the network. */
const script = `umask 077
initdb --pgdata=/data/pg --username=cde --encoding=UTF8 --locale=C.UTF-8 --auth=trust --no-sync >/dev/null || exit 1
postgres -D /data/pg -c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off -c full_page_writes=off \\
  -c synchronous_commit=off -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0 -c max_connections=20 \\
  -c shared_buffers=64MB -c maintenance_work_mem=64MB -c dynamic_shared_memory_type=mmap -c jit=off & wait`

/** milliseconds until it takes connections */
const patience = 60_000

export interface ThrowAwayOptions {
  namespace: string
  /** of PostgreSQL, of the major of the dump or a later one; by digest */
  image: string
  values: ChartValues
  /** bytes of the database that comes into it, without indexes */
  data: number
}

/**
 * Starts an empty database in a pod of its own, with limits, that nobody reaches; it goes with `close`, or with this process.
 * @throws SealiftError CLUSTER_POD_BUSY, CLUSTER_POD, CLUSTER_SQL, CLUSTER_*
 */
export async function startThrowAway(cluster: Cluster, options: ThrowAwayOptions): Promise<Database> {
  const { namespace, image, values, data } = options
  // tables, their indexes and the log of filling them
  const disk = `${Math.ceil((3 * data) / 2 ** 20) + 1024}Mi`
  const pod = await startHelperPod(cluster, {
    ...{ namespace, name, image, script, mounts: [{ name: 'data', mountPath: '/data' }] },
    spec: { ...placeOf(values), volumes: [{ name: 'data', emptyDir: { sizeLimit: disk } }] },
    limits: { cpu: '1', memory: '512Mi', 'ephemeral-storage': disk },
  })
  try {
    const run = inPod(
      cluster,
      { namespace, pod: name, container: helperContainer },
      { PGHOST: '/tmp', PGUSER: 'cde', PGDATABASE: 'postgres' },
    )
    await run(['bash', '-c', 'until pg_isready --quiet; do sleep 0.2; done'], {
      signal: AbortSignal.any([cluster.signal, AbortSignal.timeout(patience)]),
    })
    return await databaseBy(run, { own: true, close: pod.close })
  } catch (error) {
    await pod.close()
    throw error
  }
}
