import type { DemoGround } from './demo-ground.ts'
import { sealift } from './demo-sealift.ts'
import type { Step } from './demo-step.ts'
import { release02 } from './releases/releases.ts'

/** Takes back the upgrade with which an earlier demo left its site: a demo begins with the release before, and none goes down. */
export async function takeBackKept({ site }: DemoGround, { step, show }: Step): Promise<void> {
  const receipt = ['get', 'configmap', 'sealift-receipt', '--namespace=cde', '--ignore-not-found']
  const text = await site.kubectl(...receipt, '-o=jsonpath={.data.receipt\\.json}')
  if (text === '' || JSON.parse(text).release.version !== release02.version) return
  await step('Take back the upgrade of an earlier demo', () =>
    sealift(['rollback', `--kubeconfig=${site.kubeconfig}`, '--yes'], { show }),
  )
}
