import type { V1Node } from '@kubernetes/client-node'
import { usableNodes } from '../cluster/node-pull.ts'
import type { InstallContext } from './context.ts'
import { runsOn } from './runs-on.ts'

/** The nodes of a cluster: all, those that take pods, and those of them that the release's images run on. */
export async function siteNodes({
  cluster,
  bundle,
}: Pick<InstallContext, 'cluster' | 'bundle'>): Promise<Record<'all' | 'usable' | 'fitting', V1Node[]>> {
  const { core, request } = cluster()
  const all = (await request('list nodes', () => core.listNode({ limit: 1000 }))).items
  const usable = usableNodes(all)
  const { platforms } = bundle.release
  const fitting = usable.filter(({ status }) => status?.nodeInfo !== undefined && runsOn(platforms, status.nodeInfo))
  return { all, usable, fitting }
}
