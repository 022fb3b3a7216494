const part = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*'
const host = '(?:\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?'
const pattern = new RegExp(
  `^(?=localhost[:/]|[^/]*[.:])${host}/${part}(?:/${part})*(?=[:@])(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
)

/**
 * Whether a reference is a full one: `host/repository` with a tag or a digest (OCI distribution-spec, "Pulling manifests";
 * what a host is, distribution's grammar says: a dot, a colon or `localhost`). Clients would take one without a host to be
 * at docker.io, and a site for another name than it was seeded under.
 */
export const isFullName = (reference: string): boolean => pattern.test(reference)
