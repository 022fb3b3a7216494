import type { KubernetesObject } from '@kubernetes/client-node'

/** Major version of the platform's own PostgreSQL, by which its StatefulSet is named; undefined where it has none. */
export function postgresMajor(objects: readonly KubernetesObject[]): number | undefined {
  for (const { kind, metadata } of objects) {
    const [, major] = (kind === 'StatefulSet' && /^cde-postgres-(\d+)$/.exec(metadata?.name ?? '')) || []
    if (major !== undefined) return Number(major)
  }
  return undefined
}
