import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

export interface Address {
  host: string
  port: number
}

/**
 * Reads `HOST:PORT`, `[IPv6]:PORT`.
 * @throws SealiftError USAGE_LISTEN
 */
export function readAddress(text: string, flag: string): Address {
  const [, host, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/i.exec(text)?.filter((part) => part !== undefined) ?? []
  if (host === undefined || Number(port) > 65_535)
    throw new SealiftError('USAGE_LISTEN', `${JSON.stringify(text)} is not HOST:PORT`, {
      fix: `for example ${flag} 10.0.0.5:5000`,
    })
  return { host, port: Number(port) }
}

export const writeAddress = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

export const isWildcard = (host: string): boolean => host === '0.0.0.0' || /^[0:]+$/.test(host)

/**
 * The names under which clients reach a server that listens on `host`, the best one first. An address that means all
 * interfaces is none: a certificate for it would fit no client, and which interfaces are meant cannot be guessed.
 * @param given whether the certificate is given and so names them
 * @throws SealiftError USAGE_NAME
 */
export function reachableNames(host: string, names: readonly string[], given = false): string[] {
  if (!isWildcard(host)) return [host, ...names]
  if (names.length > 0) return [...names]
  if (given) return [host]
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  )
  throw new SealiftError('USAGE_NAME', 'it is not said under which name or address clients reach this server', {
    why: `${host} means every interface, and no client can check a certificate for it`,
    fix:
      own.length > 0
        ? `add the one that nodes use: ${own
            .slice(0, 4)
            .map((address) => `--name ${address}`)
            .join(' or ')}`
        : 'add --name',
  })
}

/** What helps where an address cannot be listened on, by what the system says of it. */
const unknown = ({ host }: Address) =>
  `nobody knows the name ${host} here: getent hosts ${host}; listen on an address instead, with --name ${host}`
const cures: Readonly<Record<string, (address: Address) => string>> = {
  EADDRNOTAVAIL: ({ host }) =>
    `this machine does not have the address ${host}; those that it has: ip -brief address; or start it on the machine that has it`,
  ENOTFOUND: unknown,
  // no name server answers, as at a site without any
  EAI_AGAIN: unknown,
  EACCES: ({ port }) => `a port below 1024 takes root, or CAP_NET_BIND_SERVICE; ${port} is one`,
}

export const cannotListen = (address: Address, cause: unknown) => {
  const { message, code = '' } = cause as NodeJS.ErrnoException
  return new SealiftError('USAGE_LISTEN', `cannot listen on ${writeAddress(address)}`, {
    why: message,
    fix: (cures[code] ?? (({ port }) => `see who does: ss -ltnp 'sport = :${port}'`))(address),
    cause,
  })
}

/**
 * Finds out whether an address can be listened on, before long work that would be in vain otherwise.
 * @throws SealiftError USAGE_LISTEN
 */
export async function assertFree(address: Address): Promise<void> {
  const server = createServer()
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (cause) {
    throw cannotListen(address, cause)
  } finally {
    server.close()
  }
}
