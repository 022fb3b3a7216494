import type { CheckSite } from './check-site.ts'
import { answerPods } from './pods-name-server.ts'

/** Gives the cluster what a lab does without: names for pods, and volumes that grow. */
export async function makeGood(site: CheckSite, undo: AsyncDisposableStack): Promise<void> {
  const { answers, kubectl } = site
  const { bastionAddress } = site.site
  const names = new Map([['kubernetes.default.svc.cluster.local', '10.96.0.1']])
  await answerPods(site, undo, (name) =>
    name === answers.host || name.endsWith(`.${answers.devUrlsHost}`) ? bastionAddress : names.get(name),
  )
  const grow = async (allowVolumeExpansion: boolean | null) =>
    void (await kubectl('patch', 'storageclass', 'lab', `--patch=${JSON.stringify({ allowVolumeExpansion })}`))
  undo.defer(() => grow(null))
  await grow(true)
}
