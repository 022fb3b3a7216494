import type { V1PodSpec } from '@kubernetes/client-node'
import { type ChartValues, textAt, valueAt } from '../cluster/chart-values.ts'
import type { Cluster } from '../cluster/connection.ts'
import type { Database } from './database.ts'
import { helperContainer, startHelperPod } from './helper-pod.ts'
import { postgresImage } from './image.ts'
import { inPod } from './in-pod.ts'
import { databaseBy } from './psql.ts'

/** name of the pod */
const name = 'sealift-database'

/** Has pg_dump, psql and so on log in: a password file (manual, "The Password File") of what is mounted. */
const script = `umask 077
IFS= read -r password </etc/cde/postgres/password || [ -n "$password" ]
password=\${password//\\\\/\\\\\\\\}; password=\${password//:/\\\\:}
printf '*:*:*:*:%s\\n' "$password" >/tmp/pgpass.new; mv /tmp/pgpass.new /tmp/pgpass
unset password
sleep infinity & wait`

/**
 * Opens a database of the site, from a pod of its own in the cluster, which may reach nothing else.
 * @throws SealiftError CLUSTER_POD*, CLUSTER_SQL, CLUSTER_*
 */
export async function openExternal(
  cluster: Cluster,
  namespace: string,
  values: ChartValues,
  image: string | undefined,
): Promise<Database> {
  const port = Number(valueAt(values, 'postgres', 'port') ?? 5432)
  const sslMode = textAt(values, 'postgres', 'sslMode') ?? 'verify-full'
  const ca = textAt(values, 'postgres', 'caSecret') ?? textAt(values, 'certs', 'secret')
  const text = (key: string, or: string) => textAt(values, 'postgres', key) ?? or
  const variables = {
    PGHOST: text('host', ''),
    PGPORT: String(port),
    PGUSER: text('user', 'cde'),
    PGDATABASE: text('database', 'cde'),
    PGPASSFILE: '/tmp/pgpass',
    PGSSLMODE: sslMode,
    PGCONNECT_TIMEOUT: '15',
    // libpq knows those of the system by this word (manual, "SSL Support")
    ...(sslMode === 'disable' ? {} : { PGSSLROOTCERT: ca === undefined ? 'system' : '/etc/cde/postgres-ca/ca.crt' }),
  }
  const password = { secretName: textAt(values, 'postgres', 'passwordSecret') ?? '', defaultMode: 0o440 }
  const mountsCa = ca !== undefined && sslMode !== 'disable'
  const pod = await startHelperPod(cluster, {
    ...{ namespace, name, script, image: image ?? postgresImage(values) },
    spec: {
      ...placeOf(values),
      volumes: [
        { name: 'password', secret: { ...password, items: [{ key: 'password', path: 'password' }] } },
        ...(mountsCa ? [{ name: 'ca', secret: { secretName: ca, items: [{ key: 'ca.crt', path: 'ca.crt' }] } }] : []),
      ],
    },
    mounts: [
      { name: 'password', mountPath: '/etc/cde/postgres' },
      ...(mountsCa ? [{ name: 'ca', mountPath: '/etc/cde/postgres-ca' }] : []),
    ],
    limits: { cpu: '1', memory: '256Mi' },
    egress: [
      { ports: [53, 5353].flatMap((one) => ['UDP', 'TCP'].map((protocol) => ({ port: one, protocol }))) },
      { ports: [{ port, protocol: 'TCP' }] },
    ],
  })
  try {
    // the password file comes a moment after the pod
    const run = inPod(cluster, { namespace, pod: name, container: helperContainer }, variables)
    await run(['bash', '-c', 'until [ -e /tmp/pgpass ]; do sleep 0.1; done'], {
      signal: AbortSignal.any([cluster.signal, AbortSignal.timeout(30_000)]),
    })
    return await databaseBy(run, { own: false, close: pod.close })
  } catch (error) {
    await pod.close()
    throw error
  }
}

/** Where pods of the platform run, and how their images are had. */
export const placeOf = (values: ChartValues): Pick<V1PodSpec, 'imagePullSecrets' | 'nodeSelector' | 'tolerations'> => {
  const secrets = (valueAt(values, 'imagePullSecrets') ?? []) as string[]
  const nodeSelector = valueAt(values, 'nodeSelector') as V1PodSpec['nodeSelector']
  const tolerations = valueAt(values, 'serviceTolerations') as V1PodSpec['tolerations']
  return {
    ...(secrets.length > 0 ? { imagePullSecrets: secrets.map((secret) => ({ name: secret })) } : {}),
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(tolerations ? { tolerations } : {}),
  }
}
