import type { V1Ingress } from '@kubernetes/client-node'

/** Whether an Ingress is ours: by spec.ingressClassName or, where that is absent, by the old annotation. */
export function isOfClass(ingress: V1Ingress, name: string): boolean {
  const named = ingress.spec?.ingressClassName ?? ingress.metadata?.annotations?.['kubernetes.io/ingress.class']
  return named === name
}

/** Oldest first, then by name: when two objects claim the same path, the one that was there first keeps it. */
export function bySeniority(a: V1Ingress, b: V1Ingress): number {
  const age = Number(a.metadata?.creationTimestamp ?? 0) - Number(b.metadata?.creationTimestamp ?? 0)
  const name = (each: V1Ingress) => `${each.metadata?.namespace}/${each.metadata?.name}`
  return age || (name(a) < name(b) ? -1 : 1)
}
