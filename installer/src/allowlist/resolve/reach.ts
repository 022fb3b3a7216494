import { BlockList, isIP } from 'node:net'

/**
 * Who reaches an address: nobody who was led there (`never`), the machine itself, those of a private network, everybody.
 * By the IANA special-purpose address registries (RFC 6890). Networks of documentation (RFC 5737, 3849) count as any other.
 */
export const reaches = ['never', 'machine', 'private', 'everybody'] as const
export type Reach = (typeof reaches)[number]

/** the first that holds an address counts */
const networks: Record<Exclude<Reach, 'everybody'>, readonly string[]> = {
  machine: ['127.0.0.0/8', '::1/128'],
  never: [
    // this network, link-local, multicast, reserved and broadcast; none, and "compatible" with IPv4 (RFC 4291, 2.5.5.1)
    ...['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
    ...['::/96', 'fe80::/10', 'ff00::/8'],
    // clouds tell machines their secrets there: Alibaba, Azure (WireServer), Oracle, AWS, Google
    ...['100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32', 'fd00:ec2::/32', 'fd20:ce::/32'],
  ],
  private: [
    // RFC 1918, 6598 (shared by a provider), 6890 (protocols), 2544 (benchmarks)
    ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15'],
    // RFC 4193, 3879 (site-local), 8215 (NAT64 within a network)
    ...['fc00::/7', 'fec0::/10', '64:ff9b:1::/48'],
  ],
}

/** Addresses of IPv6 that stand for one of IPv4, by where that begins: NAT64 (RFC 6052), 6to4 (RFC 3056). */
const carriers = [
  { prefix: '64:ff9b::', at: 96 },
  { prefix: '2002:', at: 16 },
]

const lists = Object.entries(networks).map(([reach, subnets]) => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', bits] = subnet.split('/')
    if (isIP(network) === 6) list.addSubnet(network, Number(bits), 'ipv6')
    else {
      // checks addresses of IPv6 that map one of IPv4 (RFC 4291, 2.5.5.2), too
      list.addSubnet(network, Number(bits), 'ipv4')
      const [a = 0, b = 0, c = 0, d = 0] = network.split('.').map(Number)
      const [high, low] = [a * 256 + b, c * 256 + d].map((half) => half.toString(16))
      for (const { prefix, at } of carriers)
        list.addSubnet(`${prefix}${high}:${low}${at === 16 ? '::' : ''}`, at + Number(bits), 'ipv6')
    }
  }
  return { reach: reach as Reach, list }
})

/** Who reaches an address, of IPv4 or IPv6 and without brackets. */
export function reachOf(address: string): Reach {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return lists.find(({ list }) => list.check(address, family))?.reach ?? 'everybody'
}

/** The reach of names that never leave the machine (RFC 6761, 6.3); undefined for others. */
export const reachOfName = (name: string): Reach | undefined => (/(^|\.)localhost$/.test(name) ? 'machine' : undefined)

/** Whether the first is reached by no more than the second. */
export const isInner = (a: Reach, b: Reach): boolean => reaches.indexOf(a) < reaches.indexOf(b)
