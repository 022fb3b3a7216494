import { setTimeout } from 'node:timers/promises'
import { minute } from '../../amounts.ts'
import { tellPeople } from '../../database/notices.ts'
import type { Stage } from '../../install/engine.ts'
import type { StepContext } from '../context.ts'

/** milliseconds after which a notice ends that nobody withdraws: an upgrade that was killed for good */
const longest = 60 * 60_000

export const noticeStage: Stage<StepContext> = {
  id: 'notice',
  title: 'Tell people, and wait',
  inPlace: 'nobody is to be told beforehand',
  needed: async ({ options, record }) => options.notice > 0 && !record().changes,
  async run(context, report) {
    const { options, signal, bundle } = context
    const starts = Date.now() + options.notice
    const told = (await context.returnsByBackup())
      ? 'for some minutes nobody can log in or change anything'
      : 'work goes on'
    const says = `The platform is upgraded to ${bundle.release.version}: ${told}; terminals, editors and SSH stay open.`
    await context.note({ told: true })
    const isTold = await context.withDatabase((database) =>
      tellPeople(database, { says, starts, ends: starts + longest }),
    )
    if (isTold) report.info(`everybody who is there is told that it begins at ${minute(new Date(starts))}`)
    else report.warn('the release that runs knows no notices: nobody is told')
    const seconds = Math.ceil(options.notice / 1000)
    for (let left = options.notice; left > 0; left = starts - Date.now()) {
      report.progress(seconds - Math.ceil(left / 1000), seconds, 'items')
      await setTimeout(Math.min(left, 1000), undefined, { signal })
    }
  },
}
