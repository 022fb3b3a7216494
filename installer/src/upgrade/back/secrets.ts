import type { Stage } from '../../install/engine.ts'
import { changedSecrets, putSecretsBack } from '../before.ts'
import type { BackContext } from './context.ts'

export const secretsBackStage: Stage<BackContext> = {
  id: 'secrets-back',
  title: 'Put the secrets back',
  inPlace: 'they are as they were',
  needed: async ({ cluster, answers }) => (await changedSecrets(cluster(), answers.namespace)).length > 0,
  async run({ cluster, answers }, report) {
    for (const name of await putSecretsBack(cluster(), answers.namespace)) report.info(`secret ${name}`)
  },
}
