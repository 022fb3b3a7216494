import type { Allowlist, Endpoint, From } from '@sealift/bundle-spec/allowlist.ts'
import { showHostPattern } from '@sealift/bundle-spec/host-pattern.ts'
import { printable } from '../../printable.ts'
import type { ProxySettings } from '../../stores/registry/proxy.ts'
import { fixFor } from './fix.ts'
import { proxyPlaceFor } from './proxy-place.ts'
import type { Result } from './result.ts'
import type { Attempt, Trial } from './trial.ts'

/** Tries what it gets, and tells how each went, by its place in the list; or why nothing can be tried from there. */
export type TryAll = (
  trials: readonly Trial[],
  tell: (at: number, attempt: Attempt, node?: string) => void,
) => Promise<{ why: string } | undefined>

/** From where entries are tried, and how. `why`: why nothing can be tried from there. */
export type Places = Partial<Record<From, TryAll | { why: string }>>

export interface CheckOptions {
  places: Places
  /** the proxy that leads outside */
  proxy: ProxySettings
  /** as they come */
  onResult?: (result: Result) => void
}

/**
 * Tries each entry of a list from each place that it is for. A set of names has no host that could be tried, and nobody has
 * to answer over UDP: they are skipped, never called reached. Results in the order of the list.
 * @throws SealiftError USAGE_PROXY, CLUSTER_*
 */
export async function checkEndpoints(list: Allowlist, { places, proxy, onResult }: CheckOptions): Promise<Result[]> {
  const results = new Map<Endpoint, Result[]>()
  const note = (endpoint: Endpoint, result: Result) => {
    results.set(endpoint, [...(results.get(endpoint) ?? []), result])
    onResult?.(result)
  }
  const skip = (endpoint: Endpoint, place: From, why: string) =>
    note(endpoint, { ...about(endpoint, place), outcome: 'skipped', detail: printable(why), fix: '' })
  for (const [place, tries] of Object.entries(places) as [From, NonNullable<Places[From]>][]) {
    const here = list.endpoints.filter(({ from }) => from.includes(place))
    // the same host and port for several reasons is one attempt
    const trials = new Map<string, { trial: Trial; endpoints: Endpoint[] }>()
    for (const endpoint of here) {
      const why = 'why' in tries ? tries.why : whyNot(endpoint)
      if (why !== undefined) {
        skip(endpoint, place, why)
        continue
      }
      const { scheme, host, port, path } = endpoint
      const trial: Trial = { scheme, host, port, path, proxy: proxyPlaceFor(endpoint, proxy) }
      const key = JSON.stringify(trial)
      const same = trials.get(key)
      if (same) same.endpoints.push(endpoint)
      else trials.set(key, { trial, endpoints: [endpoint] })
    }
    if ('why' in tries || trials.size === 0) continue
    const all = [...trials.values()]
    const untried = await tries(
      all.map(({ trial }) => trial),
      (at, { stage, reason, detail, issuer }, node) => {
        // a pod may have written anything
        const told = { detail: printable(detail), ...(issuer === undefined ? {} : { issuer: printable(issuer) }) }
        for (const endpoint of all[at]?.endpoints ?? []) {
          note(endpoint, {
            ...about(endpoint, place),
            ...(node === undefined ? {} : { node }),
            ...told,
            outcome: stage === 'tls-intercepted' && endpoint.at === 'site' ? 'tls' : stage,
            fix: fixFor({ reason, issuer: told.issuer }, { endpoint, place, proxy: all[at]?.trial.proxy }),
          })
        }
      },
    )
    if (untried) for (const { endpoints } of all) for (const endpoint of endpoints) skip(endpoint, place, untried.why)
  }
  return list.endpoints.flatMap((endpoint) => results.get(endpoint) ?? [])
}

function whyNot({ match, scheme, host }: Endpoint): string | undefined {
  if (match !== 'exact')
    return `${showHostPattern({ host, match })} is a set of names: there is none that could be tried`
  if (scheme === 'udp') return 'nobody has to answer over UDP'
  return undefined
}

const about = ({ id, scheme, port, required, without, ...pattern }: Endpoint, place: From) => ({
  ...{ id, host: showHostPattern(pattern), scheme, port, place, required, without },
})

/** Those that keep a release from being installed or used. */
export const missing = (results: readonly Result[]): Result[] =>
  results.filter(({ required, outcome }) => required && outcome !== 'reached' && outcome !== 'skipped')
