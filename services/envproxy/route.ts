/** A workspace's terminal: what a ticket opens and where it leads. */
export interface Route {
  /** 10 characters of [a-z0-9] */
  workspace: string
  /** path without the query, as the ticket names it */
  path: string
  /** port of the workspace that serves it */
  port: number
  /** request target at the workspace, the query as it came */
  target: string
}

/** Ports behind the doors (port table of the product). */
export const doors = { shell: 26337, ide: 13337 } as const

/** Longest request target taken, in bytes. */
const longest = 2048

const pattern = /^(\/proxy\/workspaces\/([a-z0-9]{10})\/shell)(\?[!-~]*)?$/

/**
 * Reads a request target strictly: nothing is decoded and nothing is normalised, so what was checked is what is sent. The
 * terminal is all of a workspace at the site's own origin: its page is the dashboard's. Returns undefined for every other
 * target.
 */
export function parseRoute(target: string): Route | undefined {
  if (target.length > longest || target.includes('#')) return undefined
  const [, path, workspace, query = ''] = pattern.exec(target) ?? []
  if (!path || !workspace) return undefined
  return { workspace, path, port: doors.shell, target: `/shell${query}` }
}
