import { isOurs } from '../cluster/apply.ts'
import { removableKinds } from '../cluster/kinds.ts'
import type { InstallContext } from '../install/context.ts'
import { probeNamespaces } from '../install/probe-namespaces.ts'
import { survey } from '../uninstall/survey.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

/** Also takes away what a run that was killed has left of its own trials. */
export const leftovers: Check = {
  id: 'leftovers',
  title: 'Nothing is left of an earlier try',
  protects: 'deploy',
  why: "Old volumes bring their old passwords and data with them, and objects without their release are in nobody's care.",
  level: 'warning',
  after: ['namespace'],
  limit: 60_000,
  async run(context) {
    const { helmRelease: release, answers } = context
    const cluster = context.cluster()
    const uninstall = `sealift uninstall${cluster.flags} --namespace ${answers.namespace}`
    const removed = await removeTrials(context)
    const note = removed.length > 0 ? `; removed: ${removed.join(', ')}` : ''
    const labelSelector = `owner=helm,name=${release.name}`
    const records = await cluster.find('read the history of the release', () =>
      cluster.core.listNamespacedSecret({ namespace: answers.namespace, labelSelector }),
    )
    const failed = {
      state: 'failed',
      code: 'CLUSTER_LEFTOVERS',
      needed: 'nothing, or an installation to go on with',
    } as const
    const last = (records?.items ?? [])
      .map(({ metadata }) => metadata?.labels ?? {})
      .sort((a, b) => Number(b.version) - Number(a.version))[0]
    if (last?.status === 'deployed')
      return { state: 'passed', found: `release ${release.name} is installed, revision ${last.version}${note}` }
    if (last)
      return {
        ...failed,
        found: `release ${release.name} is ${last.status}, revision ${last.version}${note}`,
        fix: `the installation goes on from there; to begin anew, take it away first: ${uninstall}`,
      }
    const { kinds } = await removableKinds(cluster)
    const { goes, keeps } = await survey(cluster, kinds, { release, deleteData: false })
    const stays = [...goes, ...keeps].filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const names = stays.map(({ kind, metadata }) => `${kind.kind} ${metadata.name}`)
    if (names.length === 0) return { state: 'passed', found: `nothing${note}` }
    return {
      ...failed,
      found: `${names.length} objects without a release${keeps.length > 0 ? `, ${keeps.length} of them with data that would be used again` : ''}: ${listed(names)}${note}`,
      fix: `if their data is not to be used again, take them away first: ${uninstall} --delete-data`,
    }
  },
}

async function removeTrials({ cluster, answers }: InstallContext): Promise<string[]> {
  const { core, find } = cluster()
  const names = Object.values(probeNamespaces(answers))
  const found = await Promise.all(
    names.map(async (name) => {
      const namespace = await find(`read namespace ${name}`, () => core.readNamespace({ name }))
      if (!namespace || !isOurs(namespace) || namespace.metadata?.deletionTimestamp !== undefined) return []
      await find(`delete namespace ${name}`, () => core.deleteNamespace({ name }))
      return [`namespace ${name}`]
    }),
  )
  return found.flat()
}
