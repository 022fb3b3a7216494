import type { KubernetesObject } from '@kubernetes/client-node'
import { nobodyElse } from './ask.ts'
import { affordable, type Budget, Changes } from './changes.ts'
import { differences } from './differences.ts'
import { type OwnedField, ownedFields } from './field-owners.ts'
import { planLimits } from './limits.ts'
import type { Drift } from './object-plan.ts'
import { cut, isSecretField, shownValue } from './shown-value.ts'

/** Programs of Kubernetes and of Sealift: what they set is nobody's change. */
const ours = new Set([
  ...nobodyElse,
  'sealift',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'cloud-controller-manager',
])
/** what `kubectl rollout restart` and kubectl's own notes leave */
const harmless = /\[(kubectl\.kubernetes\.io\/(restartedAt|last-applied-configuration)|kubernetes\.io\/change-cause)\]$/

/**
 * How a live object differs from the installed release. `restored` is the object as it would be if the release's own manifest
 * were applied by force: where the two differ, somebody has changed what the release says. What others own beside that, they
 * have added. Replicas that an autoscaler sets are not told.
 */
export function driftOf(
  live: KubernetesObject,
  restored: KubernetesObject,
  { isScaled, budget }: { isScaled: boolean; budget: Budget },
): { changed: Drift[]; added: Drift[]; more: number } {
  const changes = new Changes(budget)
  differences(live, restored, changes)
  const owned = ownedFields(live)
  const others = owned.filter(({ owner }) => !nobodyElse.has(owner.manager) && owner.subresource !== 'status')
  const changed = changes.kept
    .filter(({ path }) => !(isScaled && path === 'spec.replicas'))
    .map(({ path, from, to, hidden }): Drift => {
      const owner = ownerOf(path, others)?.owner
      return {
        path,
        ...(to === undefined ? {} : { was: to }),
        ...(from === undefined ? {} : { is: from }),
        ...(hidden ? { hidden } : {}),
        ...(owner ? { manager: owner.manager } : {}),
        ...(owner?.at ? { at: owner.at } : {}),
      }
    })
  const { kept: added, more } = affordable(addedByOthers(live, owned, changed), budget)
  return { changed, added, more: changes.more + more }
}

/** The owner of a field, of what it is in, or of what is in it. */
function ownerOf(path: string, owned: readonly OwnedField[]): OwnedField | undefined {
  const field = path.replace(/ (line \d+|\(order\))$/, '')
  const above = owned.filter((one) => isWithin(field, one.path)).sort((a, b) => b.path.length - a.path.length)[0]
  return above ?? owned.find((one) => isWithin(one.path, field))
}

const isWithin = (path: string, above: string): boolean =>
  path.startsWith(above) && (path.length === above.length || '.['.includes(path[above.length] as string))

function addedByOthers(live: KubernetesObject, owned: readonly OwnedField[], changed: readonly Drift[]): Drift[] {
  const released = new Set(owned.flatMap(({ owner, path }) => (nobodyElse.has(owner.manager) ? [path] : [])))
  const told: string[] = changed.map(({ path }) => path)
  return owned.flatMap(({ owner, path, value, isEntry }) => {
    const isTheirs = !ours.has(owner.manager) && owner.subresource === undefined
    if (!isTheirs || value === undefined || released.has(path) || harmless.test(path)) return []
    if (told.some((one) => isWithin(path, one) || isWithin(one, path))) return []
    // its fields follow
    if (isEntry) told.push(path)
    const [variable, name = variable ?? ''] = path
      .split(/[.[\]]+/)
      .filter(Boolean)
      .slice(-2)
    const isHidden =
      (live.kind === 'Secret' && path.startsWith('data')) || isSecretField(name, value, { name: variable })
    return [
      {
        path: cut(path, planLimits.path),
        ...(isHidden ? { hidden: true as const } : { is: shownValue(value) }),
        manager: owner.manager,
        ...(owner.at ? { at: owner.at } : {}),
      },
    ]
  })
}
