/** A dev URL's own part of its host name, as the manager makes it, or an editor's. */
const label = /^(?=.{1,63}$)([0-9]{1,5}-[a-z0-9-]{1,61}|ide-[a-z0-9]{10})$/

/** The hosts at which workspaces answer. */
export interface VisitHosts {
  /** dev URLs and editors have names below it; undefined: there are none */
  devUrls: string | undefined
}

/** What a request to such a host is for. */
export interface Place {
  /** of a dev URL or an editor */
  label: string
  /** request target at the workspace, as it came */
  target: string
}

/**
 * Reads a request's host: `elsewhere` where it is none of those, the site's own among them; undefined for names below them
 * that nothing can have. Those must never be served as the site.
 */
export function readPlace(
  { headers, url = '' }: { headers: { host?: string | undefined }; url?: string | undefined },
  hosts: VisitHosts,
): Place | 'elsewhere' | undefined {
  const name = (headers.host ?? '').toLowerCase().replace(/:[0-9]*$/, '')
  const first = labelBelow(name, hosts.devUrls)
  if (first === 'elsewhere') return first
  return first !== undefined && label.test(first) ? { label: first, target: url } : undefined
}

/** What stands before a host in a name; `elsewhere` where the name is neither the host nor below it. */
function labelBelow(name: string, host: string | undefined): string | undefined {
  const plain = name.replace(/\.+$/, '')
  if (host === undefined || (plain !== host && !plain.endsWith(`.${host}`))) return 'elsewhere'
  return name.endsWith(`.${host}`) ? name.slice(0, -host.length - 1) : undefined
}
