import { applyConfigMap } from '../../cluster/apply.ts'
import type { Stage } from '../../install/engine.ts'
import { addToHistory } from '../../install/history.ts'
import { keepAnswersText } from '../../install/kept-answers.ts'
import { type Receipt, receiptName } from '../../install/receipt.ts'
import { entryOf } from '../stages/history.ts'
import { type BackContext, to } from './context.ts'

export const endBackStage: Stage<BackContext> = {
  id: 'history-back',
  title: 'End the way back',
  inPlace: '',
  needed: async () => true,
  async run(context) {
    const { answers, record, times } = context
    const cluster = context.cluster()
    const receipt = JSON.parse(to(context).receipt) as Receipt
    const helmRevision = (await context.status())?.revision ?? receipt.site.helmRevision
    const text = JSON.stringify({ ...receipt, site: { ...receipt.site, helmRevision } }, null, 2)
    await applyConfigMap(cluster, answers.namespace, receiptName, { 'receipt.json': `${text}\n` })
    await keepAnswersText(cluster, answers.namespace, to(context))
    await addToHistory(cluster, answers.namespace, entryOf(record(), times))
    await context.note({ ended: new Date().toISOString() })
  },
}
