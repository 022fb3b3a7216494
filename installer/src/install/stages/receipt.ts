import path from 'node:path'
import { modeOf } from '@sealift/bundle-spec/act.ts'
import { siteAllowlist } from '../../allowlist/site-list.ts'
import { writeAnswers } from '../../answers/write.ts'
import { applyConfigMap } from '../../cluster/apply.ts'
import { writeWhole } from '../../stores/write-whole.ts'
import { installationAct } from '../act.ts'
import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'
import { answersName, keepAnswers } from '../kept-answers.ts'
import { type Receipt, receiptName } from '../receipt.ts'

export const receiptStage: Stage<InstallContext> = {
  id: 'receipt',
  title: 'Write the receipt',
  inPlace: '',
  needed: async () => true,
  async run(context, report) {
    const { bundle, answers, stateDir } = context
    const { release } = bundle
    const receipt: Receipt = {
      apiVersion: 'sealift.dev/v1',
      kind: 'Receipt',
      release: { name: release.name, version: release.version, digest: bundle.releaseDigest },
      bundle: {
        index: bundle.indexDigest,
        signedBy: bundle.signedBy,
        ...(bundle.size === undefined ? { from: bundle.path } : { size: bundle.size }),
      },
      chart: release.chart.digest,
      images: release.images.map(({ name, digest }) => ({ name, digest })),
      site: {
        server: context.cluster().server,
        namespace: answers.namespace,
        host: answers.host,
        registry: answers.registry.address,
        mode: modeOf(installationAct(answers, release)),
        helmRevision: (await context.status())?.revision ?? 0,
      },
      accepted: answers.ignore ?? [],
      installed: new Date().toISOString(),
      times: context.times,
    }
    const text = `${JSON.stringify(receipt, null, 2)}\n`
    const file = path.join(stateDir, `${receiptName}.json`)
    writeWhole(file, text)
    await applyConfigMap(context.cluster(), answers.namespace, receiptName, { 'receipt.json': text })
    writeWhole(path.join(stateDir, `${answersName}.yaml`), writeAnswers(answers))
    await keepAnswers(context.cluster(), answers, await siteAllowlist(context))
    report.info(`receipt: ${file} and ConfigMap ${answers.namespace}/${receiptName}`)
    report.info(
      `answers: ${path.join(stateDir, `${answersName}.yaml`)} and ConfigMap ${answers.namespace}/${answersName}`,
    )
  },
}
