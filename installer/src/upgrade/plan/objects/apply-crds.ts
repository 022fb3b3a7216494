import { setTimeout } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../../../cluster/connection.ts'
import type { HelmRelease } from '../../../cluster/helm.ts'
import { objectApi, type Place } from './ask.ts'
import { chartObjects, nameOf } from './chart-objects.ts'
import { own } from './field-path.ts'
import type { ObjectName } from './object-plan.ts'

/** milliseconds that a definition may take until its kind is served, and between two looks */
const patience = { limit: 60_000, interval: 200 }

/**
 * Applies the definitions of a chart's `crds/`, as Helm does only when it installs, and waits until their kinds are served:
 * before the chart, whose objects may be of these kinds. `rendered` is what `helm template --include-crds` wrote.
 * @throws SealiftError CLUSTER_CRD where a kind does not come, CLUSTER_*
 */
export async function applyCrds(
  cluster: Cluster,
  release: HelmRelease,
  rendered: string,
  { limit, interval } = patience,
): Promise<ObjectName[]> {
  const api = objectApi(cluster)
  const { crds } = chartObjects(rendered)
  for (const crd of crds) {
    const place = await api.place(crd, release.namespace)
    if (!place) continue
    await api.apply(place, crd)
    for (let waited = 0; !isEstablished(await api.read(place)); waited += interval) {
      if (waited >= limit) throw notServed(cluster, place, limit)
      await setTimeout(interval, undefined, { signal: cluster.signal })
    }
  }
  return crds.map(nameOf)
}

function isEstablished(crd: object | undefined): boolean {
  const conditions = own(own(crd, 'status'), 'conditions')
  return (
    Array.isArray(conditions) &&
    conditions.some((one) => own(one, 'type') === 'Established' && own(one, 'status') === 'True')
  )
}

const notServed = ({ flags }: Cluster, { name }: Place, limit: number) =>
  new SealiftError('CLUSTER_CRD', `the cluster does not serve the kind that ${name} defines`, {
    why: `it is not established after ${limit / 1000} s`,
    fix: `see why: kubectl${flags} get customresourcedefinition ${name} --output jsonpath='{.status.conditions}'`,
  })
