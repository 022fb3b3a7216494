import { ensureNamespace, findNamespace, isRestricted } from '../../cluster/apply.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const namespaceStage: Stage<InstallContext> = {
  id: 'namespace',
  title: 'Create the namespace',
  inPlace: 'the namespace is there',
  async needed(context) {
    context.changesCluster = true
    const found = await findNamespace(context.cluster(), context.answers.namespace)
    return found === undefined || !isRestricted(found)
  },
  async run({ cluster, answers }, report) {
    report.info(`namespace ${answers.namespace}: ${await ensureNamespace(cluster(), answers.namespace)}`)
  },
}
