import type { LicenseStanding } from '@sealift/bundle-spec/license.ts'
import type { Cluster } from '../cluster/connection.ts'

/** The license that counts, as the manager's metrics have it. */
export interface LicenseInForce {
  id: string
  tier: string
  /** refused: in its term, and not for this site */
  standing: LicenseStanding | 'refused'
  /** seconds since 1970: ends of the term and of the grace period after it */
  license_expires: number
  exp: number
}

/** milliseconds that the manager has to answer: where a policy keeps the API server from it, nothing comes */
const patience = 5_000

/**
 * Asks the manager, through the API server, which license counts; undefined where it has none.
 * @throws SealiftError CLUSTER_*
 */
export async function licenseInForce(cluster: Cluster, namespace: string): Promise<LicenseInForce | undefined> {
  const path = `/api/v1/namespaces/${namespace}/services/http:cde-manager:8080/proxy/metrics`
  const metrics = await cluster.request('ask the manager for its license', () =>
    cluster.raw<unknown>('GET', path, { timeout: patience, accept: 'text/plain' }),
  )
  return readLicenseMetric(String(metrics))
}

/** The metric `cde_license_end_seconds` in a text of Prometheus ("Exposition formats"). */
export function readLicenseMetric(metrics: string): LicenseInForce | undefined {
  const ends = new Map<string | undefined, number>()
  let of: Record<string, string> = {}
  for (const [, labels = '', value] of metrics.matchAll(/^cde_license_end_seconds\{(.*)\} (\d+)$/gm)) {
    of = labelsIn(labels)
    ends.set(of.of, Number(value))
  }
  const [term, grace] = [ends.get('term'), ends.get('grace')]
  if (term === undefined || grace === undefined) return undefined
  const { license: id = '', tier = '', standing = '' } = of
  return { id, tier, standing: standing as LicenseInForce['standing'], license_expires: term, exp: grace }
}

const labelsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character)),
    ]),
  )
