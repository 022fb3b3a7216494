/** What a login name may stand for. */
export interface Candidate {
  user: string
  workspace: string
}

/** Most readings of one name that are tried. */
const mostReadings = 8

/**
 * Reads `<user>-<workspace>`. Both may contain hyphens, so there are as many readings as hyphens; the manager knows
 * which exists, and the key decides should it be several. `<user>+<workspace>` has one reading, since neither has a plus.
 */
export function readLoginName(name: string): Candidate[] {
  if (name.length > 128 || !/^[A-Za-z0-9][A-Za-z0-9._@+-]*$/.test(name)) return []
  const between = name.includes('+') ? '+' : '-'
  const readings: Candidate[] = []
  for (let at = name.indexOf(between); at >= 0; at = name.indexOf(between, at + 1)) {
    const user = name.slice(0, at)
    const workspace = name.slice(at + 1)
    if (user !== '' && /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/.test(workspace)) readings.push({ user, workspace })
  }
  return readings.slice(0, mostReadings)
}
