import { isIP } from 'node:net'
import type { CompleteAnswers } from '../answers/schema.ts'
import { textAt } from '../cluster/chart-values.ts'

/** What tells whom a site reaches without its proxy. */
export interface ExemptFrom {
  answers: Pick<CompleteAnswers, 'registry'> &
    Partial<
      Pick<
        CompleteAnswers,
        'mode' | 'host' | 'release' | 'devUrlsHost' | 'editorsHost' | 'database' | 'proxy' | 'values'
      >
    >
  /** registries from which the vendor publishes the images, where the release is known */
  published?: readonly string[] | undefined
}

/**
 * Whom a site reaches without its proxy, as far as answers tell: the platform, its registry, its database, and what they name.
 * In the form of NO_PROXY that all of Go (containerd), curl, git, Node.js and Python read alike: a name as it is, and with a
 * dot before it for all below. `example.com` means those below too for Go, curl and Python, and not for Node.js; `.example.com`
 * is not the name itself for Go and Node.js (Go: x/net/http/httpproxy; curl: CURLOPT_NOPROXY; Node.js: "NODE_USE_ENV_PROXY").
 */
export function exemptOf({ answers, published }: ExemptFrom): string[] {
  const { host, devUrlsHost, editorsHost, registry, database, proxy } = answers
  const names = [
    ...(host === undefined ? [] : [host]),
    ...(devUrlsHost === undefined ? [] : [devUrlsHost, `.${devUrlsHost}`]),
    ...(editorsHost === undefined ? [] : [editorsHost]),
    ...(isSiteRegistry({ answers, published }) ? [hostIn(registry.address)] : []),
    ...(database === undefined ? [] : [hostIn(database.host)]),
    ...(proxy?.exempt ?? []),
  ]
  return [...new Set(names)]
}

/**
 * Whether the registry is the site's own, and reached without the proxy: it is served or seeded there, or holds copies of
 * images that are published elsewhere. Of one that has the release too nobody knows before the release is read.
 */
function isSiteRegistry({ answers: { mode, registry, release }, published }: ExemptFrom): boolean {
  if (registry.kind !== 'existing' || mode === 'airgapped') return true
  const own = hostAndPort(registry.address)
  if (published !== undefined) return !published.includes(own)
  return release === undefined || hostAndPort(release) !== own
}

const hostAndPort = (address: string): string => address.split('/', 1)[0] as string

/** The host of `host[:port][/path]`, without brackets. */
function hostIn(address: string): string {
  const place = hostAndPort(address)
  return isIP(place) === 6 ? place : place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

/**
 * Whom the container runtime of nodes reaches without the proxy: what answers name, loopback, and all that is of the cluster.
 * It is written in Go, and reads networks.
 */
export function nodesExempt(
  from: ExemptFrom,
  { services, pods, nodes }: Record<'services' | 'pods' | 'nodes', readonly { cidr: string }[]>,
): string[] {
  const suffix = textAt(from.answers.values, 'clusterDomainSuffix') ?? '.svc.cluster.local'
  const networks = [...services, ...pods, ...nodes].map(({ cidr }) => cidr)
  return [
    ...new Set([
      'localhost',
      '127.0.0.0/8',
      '::1',
      '.svc',
      suffix.replace(/^\.svc/, ''),
      ...networks,
      ...exemptOf(from),
    ]),
  ]
}
