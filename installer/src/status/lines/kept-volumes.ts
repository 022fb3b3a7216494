import { keptText } from '../../cluster/database-volume.ts'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine } from '../line.ts'
import { releaseWorkloads } from './workloads.ts'

const subject = { id: 'database-kept', title: 'Kept volume' }
/** as the chart names them, by the major version of PostgreSQL (postgres.yaml) */
const volume = /^data-cde-postgres-\d+-0$/
const labelSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=postgres'

/** Volumes of the database that the release does not have: an upgrade keeps the one of before until somebody lets go of it. */
export async function keptVolumeLines(context: StatusContext): Promise<StatusLine[]> {
  const { cluster, namespace } = context
  const current = (await releaseWorkloads(context)).map(({ name }) => `data-${name}-0`)
  const list = () => cluster.core.listNamespacedPersistentVolumeClaim({ namespace, labelSelector })
  const { items } = await cluster.request(`list persistentvolumeclaims of ${namespace}`, list)
  return items
    .filter(({ metadata: { name = '' } = {} }) => volume.test(name) && !current.includes(name))
    .map((claim) => passed(subject, keptText(cluster, namespace, claim)))
}
