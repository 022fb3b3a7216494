import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { inTime } from './time-limit.ts'

/** Whose word about a client (X-Forwarded-*) is believed: that of who really is at the other end of the connection. */
export type TrustedProxies = {
  /** whether one of them has the address */
  has(address: string): boolean
  /** Looks where the names lead now, within 2 s. Never rejects. */
  look(): Promise<void>
  close(): void
}
export type Trusted = { fixed: BlockList; names: readonly string[] }
type Options = {
  log?: { warn(details: object, message: string): void }
  /** addresses of a name; an error with the code ENOTFOUND: none */
  resolve?: (name: string) => Promise<string[]>
}

/** Milliseconds between looks: a new ingress pod is not ready sooner, and one that has gone has lost its address for longer. */
const every = 5_000
const patience = 2_000

/**
 * Reads a list, with commas, of CIDRs, addresses and host names: the name of a headless Service leads to its pods.
 * @throws Error for what is neither
 */
export function readTrusted(text: string): Trusted {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const names = entries.filter((entry) => !/^[0-9.]+(\/|$)|:/.test(entry))
  for (const name of names) if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.?$/i.test(name)) throw notOne(name)
  return { fixed: listOf(entries.filter((entry) => !names.includes(entry))), names }
}

/** Keeps an eye on where the names lead. A name that can't be looked up now keeps the addresses that it had. */
export function trustedProxies(
  { fixed, names }: Trusted,
  { log, resolve = addressesOf }: Options = {},
): TrustedProxies {
  const found = new Map<string, string[]>()
  let current = new BlockList()

  const look = async (): Promise<void> => {
    await Promise.all(
      names.map(async (name) => {
        try {
          found.set(name, await inTime(resolve(name), patience, 'DNS'))
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException
          if (code === 'ENOTFOUND') found.delete(name)
          else log?.warn({ name, reason: message }, 'cannot look up whose X-Forwarded-For to believe')
        }
      }),
    )
    current = listOf([...found.values()].flat())
  }
  const looking = names.length > 0 ? setInterval(() => void look(), every).unref() : undefined
  return {
    has: (address) => [fixed, current].some((list) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')),
    look,
    close: () => clearInterval(looking),
  }
}

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const bits = family === 'ipv6' ? 128 : 32
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (isIP(address) === 0 || length < 0 || length > bits) throw notOne(entry)
    list.addSubnet(address, length, family)
  }
  return list
}

const notOne = (entry: string) =>
  new Error(`TRUSTED_PROXIES: ${entry} is neither a CIDR, such as 10.0.0.0/8, nor a host name`)

const addressesOf = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address)
