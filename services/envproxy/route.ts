/** A door of a workspace: what a ticket opens and where it leads. */
export interface Route {
  /** 10 characters of [a-z0-9] */
  workspace: string
  door: 'shell' | 'ide'
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
const longest = { shell: 2048, ide: 8192 }

const pattern = /^(\/proxy\/workspaces\/([a-z0-9]{10})\/(shell|ide))(\/[!->@-~]*)?(\?[!-~]*)?$/

/**
 * Reads a request target strictly: nothing is decoded and nothing is normalised, so what was checked is what is sent.
 * The terminal is one path, the editor a tree. Returns undefined for every target that is not a door of a workspace.
 */
export function parseRoute(target: string): Route | undefined {
  if (target.length > longest.ide || target.includes('#')) return undefined
  const [, path, workspace, name, rest = '', query = ''] = pattern.exec(target) ?? []
  if (!path || !workspace || !name) return undefined
  const door = name === 'shell' ? 'shell' : 'ide'
  if (target.length > longest[door] || (door === 'shell' && rest !== '')) return undefined
  return { workspace, door, path, port: doors[door], target: (door === 'shell' ? '/shell' : rest) + query }
}
