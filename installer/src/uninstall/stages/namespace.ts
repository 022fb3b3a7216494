import { findNamespace } from '../../cluster/apply.ts'
import type { Stage } from '../../install/engine.ts'
import type { UninstallContext } from '../context.ts'

/** Nothing of ours is in it any more, and nothing of anybody else; that is looked up anew, since it is for good. */
export const namespaceStage: Stage<UninstallContext> = {
  id: 'uninstall-namespace',
  title: 'Remove the namespace',
  inPlace: 'it stays, or is gone',
  async needed({ plan, survey }) {
    if (!plan.removesNamespace) return false
    const { namespace, others } = await survey()
    return namespace === 'deleting' || (namespace === 'present' && others.length === 0)
  },
  async run({ cluster, plan, patience, interval }) {
    const { namespace: name } = plan.release
    await cluster.find(`delete namespace ${name}`, () => cluster.core.deleteNamespace({ name }))
    await findNamespace(cluster, name, { limit: patience, interval })
  },
}
