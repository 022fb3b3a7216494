import type { V1StatefulSet } from '@kubernetes/client-node'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { printable } from '../printable.ts'
import type { Database } from './database.ts'
import { helperContainer, startHelperPod } from './helper-pod.ts'
import { inPod } from './in-pod.ts'
import { ownDatabase } from './open.ts'
import { databaseBy } from './psql.ts'

/** name of the pod */
const name = 'sealift-move'

/**
 * What an earlier run began is thrown away: only a volume that was filled to its end is more than that. Nobody comes over the
 * network. The pod stays when the server has ended, so that whoever stopped it hears of that.
 */
const script = `rm -rf "$PGDATA" "$PGDATA.new" || exit 1
entrypoint -c listen_addresses= -c autovacuum=off >/tmp/server.log 2>&1 & wait
: >/tmp/ended
sleep infinity & wait`

const running = `until pg_isready --quiet; do
  if [ -e /tmp/ended ]; then tail -n 3 /tmp/server.log >&2; exit 1; fi
  sleep 0.2
done`

/** Has all on the disk, and says so (pg_controldata: "shut down"). */
const shutDown = `export LC_ALL=C; set -o pipefail
pg_ctl --pgdata="$PGDATA" --mode=fast --wait --timeout=300 stop >/dev/null
pg_controldata "$PGDATA" | grep -q '^Database cluster state: *shut down$' || { tail -n 3 /tmp/server.log >&2; exit 1; }`

/** milliseconds until it takes connections: a volume may have to be made first */
const patience = 180_000

/** A new and empty database in the volume that a StatefulSet is going to have. */
export interface NextServer {
  database: Database
  /** Ends it as PostgreSQL wants to be ended. @throws SealiftError CLUSTER_SQL, CLUSTER_EXEC: what it holds may be half */
  shutDown(): Promise<void>
  close(): Promise<void>
}

/**
 * Starts the PostgreSQL of a StatefulSet that is not there yet, in a pod of its own that nobody reaches, on the claim of its
 * first pod, which has to be there. Whatever is in that volume is removed.
 * @throws SealiftError CLUSTER_POD_BUSY, CLUSTER_POD, CLUSTER_SQL, CLUSTER_*
 */
export async function startNextServer(cluster: Cluster, namespace: string, set: V1StatefulSet): Promise<NextServer> {
  const template = set.spec?.template.spec
  const [container] = template?.containers ?? []
  const { image = '', env = [], volumeMounts = [], resources } = container ?? {}
  const { imagePullSecrets, nodeSelector, tolerations, volumes = [] } = template ?? {}
  const claimName = `data-${set.metadata?.name}-0`
  const others = <T extends { name: string }>(all: readonly T[]) => all.filter((one) => one.name !== 'tmp')
  const pod = await startHelperPod(cluster, {
    ...{ namespace, name, image, env, script, mounts: others(volumeMounts) },
    spec: {
      ...(imagePullSecrets && { imagePullSecrets }),
      ...(nodeSelector && { nodeSelector }),
      ...(tolerations && { tolerations }),
      volumes: [...others(volumes), { name: 'data', persistentVolumeClaim: { claimName } }],
    },
    limits: { cpu: '1', memory: resources?.limits?.memory ?? '1Gi' },
  })
  try {
    const variables = { PGUSER: ownDatabase.user, PGDATABASE: ownDatabase.database }
    const run = inPod(cluster, { namespace, pod: name, container: helperContainer }, variables)
    const { exitCode, stderr } = await run(['bash', '-c', running], {
      signal: AbortSignal.any([cluster.signal, AbortSignal.timeout(patience)]),
    })
    if (exitCode !== 0)
      throw new SealiftError('CLUSTER_POD', `the next PostgreSQL does not start in ${claimName}`, {
        why: stderr.split('\n').map(printable).filter(Boolean).join('; '),
        fix: `what is said above; the volume: kubectl${cluster.flags} --namespace ${namespace} describe pvc ${claimName}`,
      })
    const database = await databaseBy(run, { own: true, close: pod.close })
    return { database, close: pod.close, shutDown: () => database.exec(['bash', '-c', shutDown], { name: 'pg_ctl' }) }
  } catch (error) {
    await pod.close()
    throw error
  }
}
