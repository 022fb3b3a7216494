import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { findNamespace, isOurs, isRestricted } from '../cluster/apply.ts'
import { deletion } from '../cluster/settled.ts'
import type { Check } from './check.ts'

/** One that an earlier installation leaves behind is waited for. */
export const namespace: Check = {
  id: 'namespace',
  title: 'The namespace takes no pods with privileges',
  protects: 'namespace',
  why: 'Whoever may start a pod there could take over a node, and with it the platform.',
  level: 'error',
  strict: true,
  after: ['api'],
  limit: deletion.limit + 30_000,
  async run({ cluster, answers }, say) {
    const name = answers.namespace
    const found = await findNamespace(cluster(), name, {
      onWait: (what) => say(`${what} is being deleted: waiting until it is gone`),
    })
    if (!found) return { state: 'passed', found: `${name} is not there yet` }
    if (isRestricted(found)) return { state: 'passed', found: `${name} is held to the standard "restricted"` }
    if (isOurs(found)) return { state: 'passed', found: `${name} is ours: the installation restricts it` }
    // what else runs there might need more than is let in then: that is for its owner to say
    throw new SealiftError('CLUSTER_POD_SECURITY', `namespace ${name} lets in pods with privileges`, {
      why: "it is not one that Sealift made, and lacks the Pod Security Standard that the platform's pods are held to",
      fix: `kubectl${cluster().flags} label namespace ${name} pod-security.kubernetes.io/enforce=restricted, or choose another`,
    })
  },
}
