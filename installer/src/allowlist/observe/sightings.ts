import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { canonicalHost } from '@sealift/bundle-spec/host-pattern.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { commonPath, steadyDirectory, steadyPath } from './paths.ts'

/**
 * A connection that a pull makes. `registry` has the API, `token` gives leave to use it, `blob` sends content that the
 * registry does not send itself, `redirect` only leads on, `download` sends a file that is no image.
 */
export interface Sighting {
  scheme: 'https' | 'http'
  /** as `canonicalHost` gives it */
  host: string
  port: number
  /** what its requests begin with: the longest that is safe to say, at least `/` */
  path: string
  role: 'registry' | 'token' | 'blob' | 'redirect' | 'download'
  /** host that led there */
  after?: string
  /** references of images, or names of files */
  for: readonly string[]
  /** its name was looked up, and nobody outside reaches its addresses */
  inside?: true
}

/** What a request is made for: images or files, and which of both. */
export interface Occasion {
  kind: 'image' | 'download'
  for: readonly string[]
}

interface Seen extends Omit<Sighting, 'for'> {
  for: Set<string>
  origin: string
  /** origin of what led there */
  from: string | undefined
}

/** The host of an address as the allowlist knows it. */
export const hostOf = ({ hostname }: URL): string => canonicalHost(hostname) ?? hostname.replace(/^\[|\]$/g, '')

/** Gathers connections, each once for what it is for and what led there. */
export class Sightings {
  readonly #seen = new Map<string, Seen>()
  readonly #hosts = new Set<string>()

  /**
   * Notes what one exchange asked, in its order.
   * @throws SealiftError REGISTRY_PROTOCOL for more hosts than limits.observedHosts
   */
  note(
    way: readonly URL[],
    tokenOf: URL | undefined,
    { kind, for: names }: Occasion,
    isInside: (url: URL) => boolean,
  ): void {
    const [first] = way
    if (first === undefined) return
    const digest = /\/blobs\/sha256:([0-9a-f]{64})$/.exec(first.pathname)?.[1]
    way.forEach((url, i) => {
      const from = i === 0 ? tokenOf : way[i - 1]
      const start = tokenOf ? 'token' : kind === 'download' ? 'download' : 'registry'
      const content = kind === 'download' ? 'download' : digest !== undefined && !tokenOf ? 'blob' : 'redirect'
      const role = i === 0 ? start : i === way.length - 1 ? content : 'redirect'
      // the API itself once more
      if (i > 0 && start === 'registry' && url.origin === first.origin && url.pathname.startsWith('/v2/')) return
      const path =
        role === 'registry'
          ? '/v2/'
          : role === 'token'
            ? steadyPath(url.pathname)
            : steadyDirectory(url.pathname, digest)
      this.#add(url, { role, path, from, ...(isInside(url) ? { inside: true } : {}) }, names)
    })
  }

  #add(
    url: URL,
    { role, path, from, ...rest }: Pick<Seen, 'role' | 'path' | 'inside'> & { from: URL | undefined },
    names: readonly string[],
  ) {
    const key = `${role} ${url.origin} ${from?.origin ?? ''}`
    const seen = this.#seen.get(key)
    if (seen) {
      seen.path = commonPath(seen.path, path)
      for (const name of names) seen.for.add(name)
      return
    }
    this.count(url.host)
    const scheme = url.protocol === 'https:' ? 'https' : 'http'
    this.#seen.set(key, {
      origin: url.origin,
      scheme,
      host: hostOf(url),
      port: Number(url.port) || (scheme === 'https' ? 443 : 80),
      path,
      role,
      ...(from ? { after: hostOf(from) } : {}),
      from: from?.origin,
      ...rest,
      for: new Set(names),
    })
  }

  /** Counts a host that the pulls lead to, whether it is asked or not. @throws SealiftError REGISTRY_PROTOCOL */
  count(host: string): void {
    this.#hosts.add(host)
    if (this.#hosts.size > limits.observedHosts)
      throw new SealiftError('REGISTRY_PROTOCOL', `the images lead to more than ${limits.observedHosts} hosts`, {
        why: `one more is ${host}; a list of so many would be no allowlist`,
        fix: 'look at where its registries redirect to: curl -sI https://REGISTRY/v2/REPOSITORY/blobs/DIGEST',
      })
  }

  /** Sorted by host, port and role. */
  list(): Sighting[] {
    const seen = [...this.#seen.values()]
    // a token is kept for what comes later, so that not every image asks for one itself
    for (const token of seen.filter(({ role }) => role === 'token'))
      for (const registry of seen)
        if (registry.role === 'registry' && registry.origin === token.from)
          for (const name of registry.for) token.for.add(name)
    const order = ({ host, port, role, after = '' }: Seen) =>
      [host, String(port).padStart(5, '0'), role, after].join('\0')
    return seen
      .map((one) => ({ one, key: order(one) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ one: { from: _, origin: __, for: names, ...rest } }) => ({ ...rest, for: [...names].sort() }))
  }
}
