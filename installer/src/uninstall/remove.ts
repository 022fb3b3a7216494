import { setTimeout } from 'node:timers/promises'
import { atOnce } from '@sealift/bundle-spec/at-once.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { statusOf } from '../cluster/failure.ts'
import type { Found } from '../cluster/inventory.ts'
import { pathOf } from '../cluster/kinds.ts'

export interface Removal {
  /** What is still to go, looked up anew each time; followers of others are waited for, not deleted. */
  look(): Promise<{ goes: Found[]; followers: Found[] }>
  /** most seconds that a pod has to end, whatever it says itself */
  graceOf(pod: Found): number
  /** milliseconds without any change until what is left counts as stuck */
  patience: number
  /** milliseconds between looks */
  interval: number
  onProgress(left: number): void
}

/** left objects that an error lists */
const listed = 6

/**
 * Deletes until nothing is left, and waits until it is really gone: what somebody makes anew meanwhile (the manager, on its
 * last breath) is deleted again.
 * @throws SealiftError CLUSTER_LEFT with what holds what is left; CLUSTER_*
 */
export async function removeAll(cluster: Cluster, { look, graceOf, onProgress, ...times }: Removal): Promise<void> {
  let before = ''
  let changed = Date.now()
  for (;;) {
    const { goes, followers } = await look()
    const left = [...goes, ...followers]
    if (left.length === 0) return
    onProgress(left.length)
    const now = left.map(({ metadata }) => `${metadata.uid ?? metadata.name} ${metadata.deletionTimestamp}`).join()
    if (now !== before) changed = Date.now()
    before = now
    if (Date.now() - changed > times.patience) throw stuck(cluster, left)
    await atOnce(8, goes.filter(isHere), (one) => remove(cluster, one))
    // their own time to end may be hours; what is shorter stays so
    const slow = left.filter((one) => isPod(one) && (one.metadata.deletionGracePeriodSeconds ?? 0) > graceOf(one))
    await atOnce(8, slow, (one) => remove(cluster, one, graceOf(one)))
    await setTimeout(times.interval, undefined, { signal: cluster.signal })
  }
}

const isPod = ({ kind }: Found): boolean => kind.resource === 'pods' && kind.group === ''
const isHere = ({ metadata }: Found): boolean => metadata.deletionTimestamp === undefined

/** One that is gone already, or has been made anew since it was seen, is no failure. */
async function remove(cluster: Cluster, { kind, metadata }: Found, gracePeriodSeconds?: number): Promise<void> {
  const { namespace, name, uid } = metadata
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Background',
    ...(uid === undefined ? {} : { preconditions: { uid } }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  }
  await cluster.request(`delete ${kind.kind} ${name}`, async () => {
    try {
      await cluster.raw('DELETE', pathOf(kind, namespace, name), { body })
    } catch (error) {
      if (![404, 409].includes(statusOf(error) ?? 0)) throw error
    }
  })
}

function stuck({ flags }: Cluster, left: readonly Found[]): SealiftError {
  const lines = left.slice(0, listed).map(({ kind, metadata }) => {
    const { name, finalizers = [], deletionTimestamp } = metadata
    const holds = finalizers.map((finalizer) => `finalizer ${finalizer}`).join(', ')
    return `${kind.kind} ${name}: ${holds || (deletionTimestamp ? `being deleted since ${deletionTimestamp}` : 'it is made again and again')}`
  })
  const more = left.length > listed ? [`${left.length - listed} more like it`] : []
  const first = left.find(({ metadata }) => metadata.finalizers?.length) ?? (left[0] as Found)
  const { kind, metadata } = first
  const where = metadata.namespace === undefined ? '' : ` --namespace ${metadata.namespace}`
  const object = `${kind.resource}${kind.group && `.${kind.group}`} ${metadata.name}${where}`
  return new SealiftError(
    'CLUSTER_LEFT',
    `${left.length === 1 ? 'one object does' : `${left.length} objects do`} not go away`,
    {
      why: [...lines, ...more].join('; '),
      fix: metadata.finalizers?.length
        ? `see who is to act on it: kubectl${flags} describe ${object}; where nobody will: kubectl${flags} patch ${object} --type merge --patch '{"metadata":{"finalizers":null}}'; then run the same command again`
        : isPod(first)
          ? `see whether its node answers: kubectl${flags} describe ${object}; where it does not: kubectl${flags} delete ${object} --force --grace-period 0; then run the same command again`
          : `see what holds it: kubectl${flags} describe ${object}; then run the same command again`,
    },
  )
}
