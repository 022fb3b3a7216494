import { BlockList, isIP } from 'node:net'

/** A network with whose it is: `10.0.0.0/8`, or a single address. */
export interface Network {
  cidr: string
  whose: string
}

/** Whether two networks have an address in common. What is no network has none. */
export function overlap(a: string, b: string): boolean {
  return contains(a, addressOf(b)) || contains(b, addressOf(a))
}

const addressOf = (cidr: string): string => cidr.split('/', 1)[0] as string

/** Whether an address is in a network. What is neither is in none. */
export function contains(cidr: string, address: string): boolean {
  const [base = '', bits] = cidr.split('/')
  const family = isIP(base)
  if (family === 0 || isIP(address) !== family) return false
  const most = family === 4 ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(base, prefix, type)
  return list.check(address, type)
}
