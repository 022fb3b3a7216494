import { hostname, networkInterfaces } from 'node:os'
import { isWildcard } from '../../serve/listen.ts'

/** The names and addresses by which browsers may reach a server, the best one first. */
export function webNames(host: string, more: readonly string[]): [string, ...string[]] {
  const known = isWildcard(host) ? [...own(), hostname()] : isLoopback(host) ? [host, ...loopback] : [host]
  const [first = 'localhost', ...others] = new Set([...more, ...known].map((name) => name.toLowerCase()))
  return [first, ...others]
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

/** a tunnel to this machine is called by any of these */
const loopback = ['127.0.0.1', 'localhost', '::1']

/** Addresses of this machine that others reach. */
const own = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address)
