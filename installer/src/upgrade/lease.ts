import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { statusOf } from '../cluster/failure.ts'

/** Name of the Lease (coordination.k8s.io/v1) that whoever changes an installation holds. */
export const leaseName = 'sealift-upgrade'

/** milliseconds: how long a holder that says nothing counts, how often it says something */
const times = { lasts: 30_000, renewed: 8_000 }

interface Lease {
  apiVersion: 'coordination.k8s.io/v1'
  kind: 'Lease'
  metadata: { name: string; namespace: string; resourceVersion?: string; labels?: Record<string, string> }
  spec: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string }
}

export interface HeldLease {
  /** ends when somebody else has taken it */
  lost: AbortSignal
  release(): Promise<void>
}

/** How long is waited, for tests; milliseconds. */
export type LeaseTimes = typeof times

/**
 * Takes the installation of a namespace for this process alone, from whichever machine. Who was killed holds it until it
 * has said nothing for 30 seconds by this machine's own clock (clocks differ, so that times in the Lease are only
 * compared with each other); a run of the same state directory takes it at once, since `directory` is locked already.
 * @throws SealiftError UPGRADE_BUSY with who is at work
 */
export async function holdLease(
  cluster: Cluster,
  namespace: string,
  directory: string,
  { lasts, renewed }: LeaseTimes = times,
): Promise<HeldLease> {
  const holder = [hostname(), process.pid, randomUUID().slice(0, 8), directory].join(' ')
  const isDead = (other: string) => partsOf(other).host === hostname() && partsOf(other).directory === directory
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const labels = { 'app.kubernetes.io/managed-by': 'sealift', 'app.kubernetes.io/part-of': 'cde' }
  const now = () => new Date().toISOString().replace('Z', '000Z')
  const spec = (acquireTime: string) => ({
    holderIdentity: holder,
    leaseDurationSeconds: Math.ceil(lasts / 1000),
    acquireTime,
    renewTime: now(),
  })
  const read = () =>
    cluster.find('read the lease of the installation', () => cluster.raw<Lease>('GET', `${path}/${leaseName}`))
  /** Writes it if it is still as it was seen; false where somebody was faster. */
  const write = async (seen: Lease | undefined, next: Lease['spec']): Promise<boolean> => {
    const metadata = { ...(seen?.metadata ?? { name: leaseName, namespace, labels }) }
    const body: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: next }
    return await cluster.request('take the lease of the installation', async () => {
      try {
        if (seen === undefined) await cluster.raw('POST', path, { body })
        else await cluster.raw('PUT', `${path}/${leaseName}`, { body })
        return true
      } catch (error) {
        if (statusOf(error) === 409) return false
        throw error
      }
    })
  }

  const acquired = now()
  for (let first: { said: string; at: number } | undefined; ; ) {
    const seen = await read()
    const other = seen?.spec.holderIdentity ?? ''
    const said = `${other} ${seen?.spec.renewTime}`
    first ??= { said, at: Date.now() }
    if (other === '' || isDead(other) || (said === first.said && Date.now() - first.at >= lasts)) {
      if (await write(seen, spec(acquired))) break
    } else if (said !== first.said) throw busy(other, seen?.spec, namespace)
    await setTimeout(Math.min(1000, renewed / 4), undefined, { signal: cluster.signal })
  }

  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = (async () => {
    for (;;) {
      await setTimeout(renewed, undefined, { signal: ended.signal }).catch(() => {})
      if (ended.signal.aborted || lost.signal.aborted) return
      try {
        const seen = await read()
        if (seen?.spec.holderIdentity === holder) await write(seen, spec(acquired))
        else lost.abort(taken(seen?.spec.holderIdentity, namespace))
      } catch {
        // an API server that is away lets nobody else have it either
      }
    }
  })()
  return {
    lost: lost.signal,
    async release() {
      ended.abort()
      await renewing
      if (lost.signal.aborted || cluster.signal.aborted) return
      const seen = await read().catch(() => undefined)
      if (seen?.spec.holderIdentity === holder) await write(seen, { holderIdentity: '' }).catch(() => {})
    },
  }
}

/** Who holds it. A directory may have spaces in it. */
function partsOf(holder: string) {
  const [host = '', pid = '', , ...rest] = holder.split(' ')
  return { host, pid, directory: rest.join(' ') }
}

function busy(holder: string, spec: Lease['spec'] | undefined, namespace: string): SealiftError {
  const { host, pid, directory } = partsOf(holder)
  return new SealiftError('UPGRADE_BUSY', `an upgrade of ${namespace} is under way, from ${host}`, {
    why: `process ${pid} there holds it since ${spec?.acquireTime ?? 'some time'} (${directory})`,
    fix: `wait for it, or end it there: kill ${pid}; then run the same command again`,
  })
}

const taken = (holder: string | undefined, namespace: string): SealiftError =>
  new SealiftError(
    'UPGRADE_BUSY',
    `the upgrade of ${namespace} goes on from ${partsOf(holder ?? '').host || 'elsewhere'}`,
    {
      why: 'this machine could not be heard for more than half a minute, and another one took over',
      fix: 'look how it goes on: sealift history',
    },
  )
