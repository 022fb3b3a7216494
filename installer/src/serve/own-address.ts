import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** milliseconds that a name has to become an address */
const patience = 1000

/** an address of no machine (RFC 5737): the way to it is that to everything which has no way of its own */
const elsewhere = '192.0.2.1'

/**
 * The address by which others most likely reach this machine: that from which it reaches `towards` itself, else the one
 * towards everything, else its first one. Undefined where it has none but loopback. Nothing is sent.
 */
export async function ownAddress(towards?: string): Promise<string | undefined> {
  for (const host of [towards, elsewhere]) {
    const address = host === undefined ? undefined : await sourceTowards(host)
    if (address !== undefined && !/^(127\.|::1$|0\.0\.0\.0$|::$|fe80:)/.test(address)) return address
  }
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return own.find(({ internal, family }) => !internal && family === 'IPv4')?.address
}

/** A datagram socket that is connected sends nothing, and has the address that the routes give it (udp(7), "connect"). */
async function sourceTowards(host: string): Promise<string | undefined> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const timer = setTimeout(resolve, patience)
  socket.once('error', () => resolve(undefined))
  socket.once('connect', () => resolve(socket.address().address))
  try {
    socket.connect(9, host)
    return await promise
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}
