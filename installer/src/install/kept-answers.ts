import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readDraft } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { writeAnswers, writeAnswersRemarked } from '../answers/write.ts'
import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'

/** Name of the ConfigMap. */
export const answersName = 'sealift-answers'
const key = 'answers.yaml'

/** Keeps the answers of an installation in its namespace. They name files with secrets, and hold none. */
export const keepAnswers = (cluster: Cluster, answers: CompleteAnswers): Promise<void> =>
  applyConfigMap(cluster, answers.namespace, answersName, { [key]: writeAnswers(answers) })

/**
 * The answers that a site was installed with, as the text of an answers file in which each path says that it was another
 * machine's.
 * @throws SealiftError CLUSTER_NO_ANSWERS, USAGE_ANSWERS where somebody has changed them beyond reading, CLUSTER_*
 */
export async function keptAnswers(cluster: Cluster, namespace: string): Promise<string> {
  const map = await cluster.find('read the answers of the installation', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: answersName }),
  )
  const text = map?.data?.[key]
  if (text === undefined)
    throw new SealiftError('CLUSTER_NO_ANSWERS', `namespace ${namespace} has no answers of an installation`, {
      why: 'nothing is installed there, or its installation has not come to its end',
      fix: `look for it: kubectl${cluster.flags} get configmaps --all-namespaces --field-selector metadata.name=${answersName}`,
    })
  const { draft } = readDraft(text, `/ConfigMap ${answersName}`)
  return writeAnswersRemarked(draft, 'on the machine that installed: name it anew')
}
