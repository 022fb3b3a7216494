import { bytes } from '../amounts.ts'
import type { Found } from '../cluster/inventory.ts'
import { shellWord } from '../shell-word.ts'
import type { LocalState } from '../uninstall/local-state.ts'
import type { Plan } from '../uninstall/plan.ts'
import type { UninstallResult } from '../uninstall/uninstall.ts'
import { safe } from './format.ts'

/** names of one kind that are shown */
const shown = 40

/** What an uninstallation would do, for people. */
export function planText(plan: Plan, local: LocalState): string {
  const { release, goes, keeps, others, followers, unseen, deleteData } = plan
  return [
    ...section('Goes', [
      ...byKind(goes, plan),
      ...(followers.length > 0 ? [`and what Kubernetes made for them: ${counted(followers)}`] : []),
      ...(plan.removesNamespace ? [`the namespace ${release.namespace}`] : []),
      ...(deleteData && local.isOurs && local.removable.length > 0
        ? [`${local.removable.map((name) => `${local.directory}/${name}`).join(', ')}`]
        : []),
    ]),
    ...section('Stays: the data of the platform', byKind(keeps, plan)),
    ...section('Stays: not of this installation', byKind(others, plan)),
    ...section(
      'Could not be looked at',
      unseen.map(({ what, why }) => `${safe(what)}: ${safe(why)}`),
    ),
    ...section('People', people(plan)),
    ...section('Beware', warnings(plan)),
  ].join('\n')
}

/** What became of it, and what to do next. */
export function resultText(
  plan: Plan,
  result: UninstallResult,
  { answers, where, flags }: { answers?: string | undefined; where: string; flags: string },
): string {
  const { namespace } = plan.release
  const kept = result.kept.length
  return [
    kept === 0
      ? `uninstalled: nothing of the platform is left in ${namespace}${result.namespaceRemoved ? ', which is gone' : ''}`
      : `uninstalled; ${kept} objects with its data stay in ${namespace}`,
    ...(kept === 0
      ? []
      : [
          ...(answers === undefined ? [`  the answers of it: sealift answers show${where} > answers.yaml`] : []),
          `  to go on with that data: sealift install --headless --answers ${answers === undefined ? 'answers.yaml' : shellWord(answers)}`,
          '    with the same namespace in the answers, from a bundle of the same release or a later one',
          `  to remove it too: sealift uninstall${flags} --delete-data`,
        ]),
    ...(result.others.length > 0 && plan.deleteData && plan.namespaceIsOurs
      ? [
          `the namespace stays, since somebody else has something in it: ${result.others.map(safe).join(', ')}`,
          `  where nobody needs that: kubectl delete namespace ${namespace}`,
        ]
      : []),
    ...result.volumes.map(
      (name) =>
        `volume ${safe(name)} keeps its data (reclaim policy Retain): kubectl delete persistentvolume ${safe(name)}`,
    ),
    ...(result.unseen.length > 0 ? [`not looked at: ${result.unseen.map(safe).join('; ')}`] : []),
    ...stateLines(result.state),
  ].join('\n')
}

/** What this machine keeps. */
export const stateLines = ({ directory, removed, authority }: UninstallResult['state']): string[] => [
  ...(removed ? [`journal and receipt are removed from ${directory}`] : [`journal and receipt: ${directory}`]),
  ...(authority === undefined
    ? []
    : [
        `the key of the site's CA: ${authority}. With it the next installation is trusted as before; where there is none: rm ${directory}/ca.*`,
      ]),
]

function people({ workspaces, sessions, deleteData }: Plan): string[] {
  const { all, running } = workspaces
  const homes = deleteData ? 'with all that people have in them' : 'whose home volumes stay'
  return [
    all === 0 ? 'no workspaces' : `${several(all, 'workspace')}, ${running} running, ${homes}`,
    sessions === undefined
      ? 'how many sessions are open (terminals, editors, SSH) cannot be known from here; they are cut'
      : sessions === 0
        ? 'no session is open'
        : `${several(sessions, 'session')} open (terminals, editors, SSH), to be cut within seconds`,
  ]
}

function warnings({ helm, namespace, deleteData, volumes, release }: Plan): string[] {
  const retained = volumes.filter(({ reclaim }) => reclaim === 'Retain')
  return [
    ...(helm?.startsWith('pending-')
      ? [`release ${release.name} is ${safe(helm)}: an installer may be at work, from another machine`]
      : []),
    ...(namespace === 'deleting' && !deleteData
      ? [`namespace ${release.namespace} is being deleted already, and its data with it`]
      : []),
    ...(deleteData && retained.length > 0
      ? [`the storage class keeps the contents of ${retained.map(({ claim }) => safe(claim)).join(', ')} (Retain)`]
      : []),
  ]
}

const several = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]

/** One line a kind, with the names. */
function byKind(objects: readonly Found[], { volumes }: Plan): string[] {
  const sizes = new Map(volumes.map(({ claim, bytes: size }) => [claim, size]))
  const kinds = new Map<string, string[]>()
  for (const { kind, metadata } of objects) {
    const size = kind.resource === 'persistentvolumeclaims' ? sizes.get(metadata.name) : undefined
    const names = kinds.get(kind.kind) ?? []
    names.push(`${safe(metadata.name)}${size ? ` (${bytes(size)})` : ''}`)
    kinds.set(kind.kind, names)
  }
  return [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, names]) => {
      const more = names.length > shown ? `, and ${names.length - shown} more (--json names all)` : ''
      return `${kind}: ${names.sort().slice(0, shown).join(', ')}${more}`
    })
}

/** `6 of kind Pod, 5 of kind ReplicaSet` */
function counted(objects: readonly Found[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of objects) counts.set(kind.kind, (counts.get(kind.kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} of kind ${safe(kind)}`).join(', ')
}
