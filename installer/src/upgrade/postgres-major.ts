import type { KubernetesObject, V1StatefulSet } from '@kubernetes/client-node'

const name = /^cde-postgres-(\d+)$/

/** The StatefulSet of the platform's own PostgreSQL, which is named by its major version; undefined where it has none. */
export const databaseSet = (objects: readonly KubernetesObject[]): V1StatefulSet | undefined =>
  objects.find(({ kind, metadata }) => kind === 'StatefulSet' && name.test(metadata?.name ?? ''))

/** Major version of the platform's own PostgreSQL; undefined where it has none. */
export function postgresMajor(objects: readonly KubernetesObject[]): number | undefined {
  const [, major] = name.exec(databaseSet(objects)?.metadata?.name ?? '') ?? []
  return major === undefined ? undefined : Number(major)
}

/** StatefulSet and claim of a major version, as the chart names them (postgres.yaml). */
export const setOf = (major: number): string => `cde-postgres-${major}`
export const claimOf = (major: number): string => `data-${setOf(major)}-0`
