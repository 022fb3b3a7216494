import type { CompleteAnswers } from '../answers/schema.ts'

/** Names of the namespaces in which the installer tries something; each is there for the time of its stage. */
export function probeNamespaces({ namespace }: Pick<CompleteAnswers, 'namespace'>) {
  // a name has 63 characters at most (RFC 1123, 2.1)
  const start = namespace.slice(0, 50)
  return {
    pull: `${start}-pull-probe`,
    pods: `${start}-pods-probe`,
    volume: `${start}-volume-probe`,
    policy: `${start}-policy-probe`,
    front: `${start}-front-probe`,
    admission: `${start}-dry-run-probe`,
  }
}

/** Of that in which the entries of an allowlist are tried, which no installation does. */
export const tryingNamespace = ({ namespace }: Pick<CompleteAnswers, 'namespace'>): string =>
  `${namespace.slice(0, 50)}-allowlist`
