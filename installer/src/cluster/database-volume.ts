import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import { bytes } from '../amounts.ts'
import type { Cluster } from './connection.ts'
import { quantity } from './quantity.ts'

/** `10.7 GB`, as it is or was asked for. */
export const sizeOf = ({ spec, status }: V1PersistentVolumeClaim): string =>
  bytes(quantity(status?.capacity?.storage ?? spec?.resources?.requests?.storage))

/** What an operator is told of the volume that the database had before PostgreSQL's major version changed. */
export function keptText({ flags }: Cluster, namespace: string, claim: V1PersistentVolumeClaim): string {
  const name = claim.metadata?.name
  return `${name} (${sizeOf(claim)}) has the database as it was before, for sealift rollback; when you let go of it: kubectl${flags} --namespace ${namespace} delete pvc ${name}`
}
