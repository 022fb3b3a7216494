import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { isWildcard } from '../../serve/listen.ts'

const namePattern = /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/i

/**
 * The names and addresses by which browsers may reach a server, the best one first.
 * @throws SealiftError USAGE_HOST
 */
export function webNames(host: string, more: readonly string[]): [string, ...string[]] {
  const wrong = more.find((name) => name.length > 253 || !(isIP(name) || namePattern.test(name)))
  if (wrong !== undefined)
    throw new SealiftError('USAGE_HOST', `${JSON.stringify(wrong.slice(0, 100))} is neither a host name nor an address`)
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
