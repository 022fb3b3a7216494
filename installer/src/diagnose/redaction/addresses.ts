import { BlockList, isIP } from 'node:net'
import { Pseudonyms } from './pseudonyms.ts'

const v4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)/g
const v6 = /(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4})(?![\w:])/g

/**
 * Addresses of clients, replaced by `client-1`, `client-2`, …: each one that is not known as the site's own. A site's people
 * are in private networks too, so that no range tells the two apart; what no object and no answer names is somebody's.
 */
export class Addresses {
  readonly #clients = new Pseudonyms('client')
  readonly #own = new BlockList()
  found = 0

  constructor() {
    for (const [network, bits, type] of [
      ['127.0.0.0', 8, 'ipv4'],
      ['0.0.0.0', 32, 'ipv4'],
      ['255.0.0.0', 8, 'ipv4'],
      ['169.254.0.0', 16, 'ipv4'],
      ['::', 127, 'ipv6'],
      ['fe80::', 10, 'ipv6'],
    ] as const)
      this.#own.addSubnet(network, bits, type)
  }

  /** An address, or a network in CIDR notation, of the site itself. */
  own(address: string): void {
    const [network = '', bits] = address.split('/', 2)
    const family = isIP(network)
    if (family === 0) return
    const type = family === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) {
      this.#own.addAddress(network, type)
      return
    }
    const length = Number(bits)
    // all of the internet is nobody's own
    if (Number.isInteger(length) && length >= 8 && length <= (family === 4 ? 32 : 128))
      this.#own.addSubnet(network, length, type)
  }

  /** Learns every single address in a text of the site's own: of networks there (a policy's) people may be, too. */
  ownIn(text: string): void {
    for (const pattern of [v4, v6]) for (const [address] of text.matchAll(pattern)) this.own(address)
  }

  replace(text: string): string {
    const one = (address: string) => this.#pseudonym(address)
    const clean = text.replace(v4, one)
    return clean.includes('::') || (clean.match(/:/g)?.length ?? 0) >= 7 ? clean.replace(v6, one) : clean
  }

  #pseudonym(address: string): string {
    const family = isIP(address)
    if (family === 0 || this.#own.check(address, family === 4 ? 'ipv4' : 'ipv6')) return address
    this.found++
    return this.#clients.of(address.toLowerCase())
  }
}
