import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

const failed = (code: string) => Object.assign(new Error(`${code}: there is no network here`), { code })

/**
 * Takes the network from this process, for good: files that are made wrong name any host. Whoever connects or looks up a name
 * is told what a machine without network is told; a port of this machine is refused.
 */
export function takeNetwork(): void {
  net.Socket.prototype.connect = function connect(this: net.Socket) {
    process.nextTick(() => this.destroy(failed('ECONNREFUSED')))
    return this
  }
  type Told = (error: Error) => void
  const told = (...args: unknown[]) => process.nextTick(args.at(-1) as Told, failed('ENOTFOUND'))
  const refused = async () => await Promise.reject(failed('ENOTFOUND'))
  Object.assign(dns, { lookup: told })
  Object.assign(dns.promises, { lookup: refused })
  for (const [place, fake] of [
    [dns, told],
    [dns.Resolver.prototype, told],
    [dns.promises, refused],
    [dns.promises.Resolver.prototype, refused],
  ] as const)
    for (const name of Object.getOwnPropertyNames(place).filter((one) => /^(resolve|reverse)/.test(one)))
      Object.assign(place, { [name]: fake })
  syncBuiltinESMExports()
}
