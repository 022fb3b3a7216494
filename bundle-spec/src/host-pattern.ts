import { isIP } from 'node:net'
import { domainToUnicode } from 'node:url'
import Type from 'typebox'

/**
 * What a name of an allowlist means. `exact`: this host alone. `label`: hosts one label below it. `below`: hosts any depth
 * below it. `within`: the name itself and all below it. The products that enforce allowlists write these four with the same
 * characters and different meanings; whatever Sealift writes for them is translated from this.
 */
export const Match = Type.Union([
  Type.Literal('exact'),
  Type.Literal('label'),
  Type.Literal('below'),
  Type.Literal('within'),
])

/** A set of hosts. `host` is as `canonicalHost` gives it; an address matches `exact` alone. */
export interface HostPattern {
  host: string
  match: Type.Static<typeof Match>
}

/** RFC 1035, 2.3.4, without the dot of the root: octets of a name, and of a label. */
const longest = { name: 253, label: 63 }
/** underscores are no letters of host names (RFC 1123, 2.1), and names of buckets have them all the same */
const label = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/

/**
 * A host as the allowlist knows it: a name in lower case, in ASCII (IDNA by UTS #46, as browsers do it) and without the dot of
 * the root, or an address as RFC 5952 writes it, without brackets. Undefined for what is neither: `127.1` and `0x7f000001`
 * too, that some programs take for addresses and some for names.
 */
export function canonicalHost(text: string): string | undefined {
  if (text.length > 4 * longest.name) return undefined
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (isIP(bare) === 6) return bare.includes('%') ? undefined : new URL(`http://[${bare}]`).hostname.slice(1, -1)
  if (bare !== text) return undefined
  if (isIP(text) === 4) return text
  // the parser of URLs takes a name apart at these, drops some and decodes %41
  if (/[\0-\x20\x7f/\\?#@:%[\]]/.test(text) || !URL.canParse(`http://${text}`)) return undefined
  const host = new URL(`http://${text}`).hostname.replace(/\.$/, '')
  const labels = host.split('.')
  const isName = host.length <= longest.name && isIP(host) === 0
  return isName && labels.every((one) => one.length <= longest.label && label.test(one)) ? host : undefined
}

/**
 * Reads `login.example.com` (exact), `*.example.com` (label), `**.example.com` (below) or `.example.com` (within). Undefined
 * where there is no such set of hosts: all of a top-level domain is none.
 */
export function readHostPattern(text: string): HostPattern | undefined {
  const [, mark = '', name = ''] = /^(\*\*\.|\*\.|\.)?(.*)$/s.exec(text) ?? []
  const host = canonicalHost(name)
  const match = marks[mark]
  if (host === undefined || match === undefined) return undefined
  if (match !== 'exact' && (isIP(host) !== 0 || !host.includes('.'))) return undefined
  return { host, match }
}

const marks: Readonly<Record<string, HostPattern['match']>> = {
  '': 'exact',
  '*.': 'label',
  '**.': 'below',
  '.': 'within',
}

/** The pattern as `readHostPattern` reads it. */
export const showHostPattern = ({ host, match }: HostPattern): string =>
  `${Object.keys(marks).find((mark) => marks[mark] === match)}${host}`

/** A name with letters of other scripts as people write it; for reading only, since different names may look the same. */
export const readableHost = (host: string): string => (host.includes('xn--') ? domainToUnicode(host) || host : host)

/** Whether a host, as `canonicalHost` gives it, is one of those that a pattern means. */
export function matchesHost({ host: name, match }: HostPattern, host: string): boolean {
  if (host === name) return match === 'exact' || match === 'within'
  if (match === 'exact' || isIP(host) !== 0 || !host.endsWith(`.${name}`)) return false
  return match !== 'label' || !host.slice(0, -name.length - 1).includes('.')
}

/**
 * The same hosts, said in the one way that has no pattern within another: two lists mean the same hosts where this gives the
 * same for both. Sorted by name, from the right (`com`, `com.example`), so that a domain comes before what is below it.
 */
export function normalPatterns(patterns: readonly HostPattern[]): HostPattern[] {
  const at = new Map<string, Set<HostPattern['match']>>()
  for (const { host, match } of patterns) at.set(host, (at.get(host) ?? new Set()).add(match))
  const all = [...at].flatMap(([host, matches]): HostPattern[] => {
    const [apex, below] = [matches.has('exact'), matches.has('below')]
    if (matches.has('within') || (apex && below)) return [{ host, match: 'within' }]
    if (below) return [{ host, match: 'below' }]
    return [...matches].map((match) => ({ host, match }))
  })
  const has = (host: string, ...wanted: HostPattern['match'][]) => wanted.some((match) => at.get(host)?.has(match))
  const rest = ({ host, match }: HostPattern): HostPattern[] => {
    const [parent = '', ...above] = isIP(host) === 0 ? parentsOf(host) : []
    if ([parent, ...above].some((name) => has(name, 'below', 'within'))) return []
    // one label below `parent` is what this name is itself
    if (!has(parent, 'label') || match === 'label' || match === 'below') return [{ host, match }]
    return match === 'exact' ? [] : [{ host, match: 'below' }]
  }
  return all
    .flatMap(rest)
    .map((pattern) => ({ pattern, key: sortKey(pattern.host) }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.pattern.match, b.pattern.match))
    .map(({ pattern }) => pattern)
}

/** What a name is below, the nearest first. */
const parentsOf = (host: string): string[] =>
  host
    .split('.')
    .slice(1)
    .map((_, at, labels) => labels.slice(at).join('.'))

const sortKey = (host: string): string => (isIP(host) === 0 ? host.split('.').reverse().join('\0') : host)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
