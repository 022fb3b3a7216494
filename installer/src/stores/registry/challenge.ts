/** One challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1). Scheme and parameter names in lower case. */
export interface Challenge {
  scheme: string
  parameters: Record<string, string>
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const parameter = new RegExp(`(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y')
const scheme = new RegExp(`(${token})(?:[ \\t]+|$|(?=,))`, 'y')
const separator = /[ \t,]*/y

/** Parses a WWW-Authenticate header that may hold several challenges. What does not parse ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = []
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match) at = pattern.lastIndex
    return match
  }
  while (at < header.length) {
    take(separator)
    const pair = take(parameter)
    if (pair) {
      const current = challenges.at(-1)
      if (!current) break
      current.parameters[(pair[1] as string).toLowerCase()] = pair[2]?.replace(/\\(.)/g, '$1') ?? (pair[3] as string)
      continue
    }
    const start = take(scheme)
    if (!start) break
    challenges.push({ scheme: (start[1] as string).toLowerCase(), parameters: Object.create(null) })
  }
  return challenges
}
