/** `namespace/name`: what Kubernetes tells two objects of one kind apart by. */
export function keyOf(object: { metadata?: { namespace?: string; name?: string } }): string {
  return `${object.metadata?.namespace}/${object.metadata?.name}`
}
