import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { canonicalHost } from '@sealift/bundle-spec/host-pattern.ts'

export interface Address {
  address: string
  /** seconds */
  ttl: number
}

export interface LookUp {
  /** of both families, each once, in their order; canonical */
  addresses: Address[]
  /** what the host is an alias of, and that of, to the end */
  aliases: string[]
  /** why there are none, or not all: NXDOMAIN, SERVFAIL … */
  failure: string | undefined
}

/** aliases of aliases that are followed, as resolvers do; a loop ends there, too */
const mostAliases = 8

/** milliseconds that one server has to answer once; it is asked twice */
const patience = 2000

/** Codes of node:dns (c-ares) in the words of DNS (RFC 1035, 4.1.1; RFC 2308). */
const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name (NXDOMAIN)',
  ENODATA: 'the name has no addresses',
  ESERVFAIL: 'the name servers fail (SERVFAIL)',
  EREFUSED: 'the name server refuses it (REFUSED)',
  EFORMERR: 'the name server does not understand the question (FORMERR)',
  ENOTIMP: 'the name server does not know that kind of question (NOTIMP)',
  EBADRESP: 'the name server answers wrongly',
  EBADNAME: 'no name server can be asked for that name',
  ETIMEOUT: 'no name server answers in time',
  ECANCELLED: 'no name server answers in time',
  ECONNREFUSED: 'no name server can be reached',
}

/**
 * Asks name servers for the addresses of a host and for what it is an alias of. What fails is told, never thrown.
 * @param servers of /etc/resolv.conf where none are given
 * @param signal ends it, as a failure
 */
export async function lookUp(
  host: string,
  servers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<LookUp> {
  const resolver = new Resolver({ timeout: patience, tries: 2 })
  if (servers) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const [v4, v6, aliases] = await Promise.all([
      answered(resolver.resolve4(host, { ttl: true })),
      answered(resolver.resolve6(host, { ttl: true })),
      aliasesOf(resolver, host, signal),
    ])
    const codes = [v4.code, v6.code].filter((code) => code !== undefined)
    const addresses = inOrder([...v4.found, ...v6.found])
    // one family is often not there, which is no failure
    const code = addresses.length > 0 ? codes.find((one) => one !== 'ENODATA' && one !== 'ENOTFOUND') : worst(codes)
    return { addresses, aliases, failure: code && (words[code] ?? code) }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

const worst = (codes: readonly string[]) => codes.find((code) => code !== 'ENODATA') ?? codes[0] ?? 'ENODATA'

const answered = (query: Promise<Address[]>): Promise<{ found: Address[]; code?: string }> =>
  query.then(
    (found) => ({ found }),
    (error: NodeJS.ErrnoException) => ({ found: [], code: error.code ?? error.message }),
  )

async function aliasesOf(resolver: Resolver, host: string, signal: AbortSignal): Promise<string[]> {
  const aliases: string[] = []
  for (let at = host; aliases.length < mostAliases && !signal.aborted; ) {
    const [found] = await resolver.resolveCname(at).catch(() => [])
    const name = found === undefined ? undefined : canonicalHost(found)
    if (name === undefined || name === host || aliases.includes(name)) break
    aliases.push(name)
    at = name
  }
  return aliases
}

/** Each address once, with the shortest time that was said; IPv4 first, then by their numbers. */
function inOrder(found: readonly Address[]): Address[] {
  const ttls = new Map<string, number>()
  for (const { address, ttl } of found) {
    const canonical = canonicalHost(address)
    // a time with its highest bit set counts as none (RFC 2181, 8)
    const seconds = ttl > 2 ** 31 - 1 || ttl < 0 ? 0 : ttl
    if (canonical !== undefined) ttls.set(canonical, Math.min(seconds, ttls.get(canonical) ?? seconds))
  }
  return [...ttls]
    .map(([address, ttl]) => ({ address, ttl, key: sortKey(address) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ address, ttl }) => ({ address, ttl }))
}

function sortKey(address: string): string {
  if (isIP(address) === 4) return `4 ${address.split('.').map((part) => part.padStart(3, '0'))}`
  const [head = '', tail] = address.split('::')
  const groups = (half: string | undefined) => (half ? half.split(':') : [])
  const gap = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...(tail === undefined ? [] : Array.from({ length: gap }, () => '')), ...groups(tail)]
  return `6 ${all.map((group) => group.padStart(4, '0'))}`
}
