/** A dev URL's own part of its host name, as the manager makes it, or an editor's. */
const label = /^(?=.{1,63}$)([0-9]{1,5}-[a-z0-9-]{1,61}|ide-[a-z0-9]{10})$/
/** A path at the host of all editors: the id of a workspace, and what is below it. */
const editorPath = /^\/([a-z0-9]{10})([/?].*)?$/

/** The hosts at which workspaces answer; undefined: the site has none. */
export interface VisitHosts {
  /** dev URLs and editors have names below it */
  devUrls: string | undefined
  /** where editors cannot have names of their own, all of them are here, below `/<workspace id>/` */
  editors: string | undefined
}

/** What a request to such a host is for. */
export interface Place {
  /** of a dev URL or an editor */
  label: string
  /** what stands before all paths of the workspace: nothing, or `/<workspace id>` where its host is not its own */
  base: string
  /** request target at the workspace, as it came */
  target: string
}

/**
 * Reads a request's host: `elsewhere` where it is none of those, the site's own among them; undefined for names and paths
 * there that nothing can have. Those must never be served as the site.
 */
export function readPlace(
  { headers, url = '' }: { headers: { host?: string | undefined }; url?: string | undefined },
  { devUrls, editors }: VisitHosts,
): Place | 'elsewhere' | undefined {
  const name = (headers.host ?? '').toLowerCase().replace(/:[0-9]*$/, '')
  if (isWithin(name, devUrls)) {
    const first = name.slice(0, -`.${devUrls}`.length)
    return name.endsWith(`.${devUrls}`) && label.test(first) ? { label: first, base: '', target: url } : undefined
  }
  if (!isWithin(name, editors)) return 'elsewhere'
  const [, workspace, target = ''] = editorPath.exec(url) ?? []
  if (name !== editors || workspace === undefined) return undefined
  return { label: `ide-${workspace}`, base: `/${workspace}`, target }
}

/** Whether a name is the host or below it, whatever dots are at its end. */
function isWithin(name: string, host: string | undefined): boolean {
  const plain = name.replace(/\.+$/, '')
  return host !== undefined && (plain === host || plain.endsWith(`.${host}`))
}
