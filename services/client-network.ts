import { isIPv4, isIPv6 } from 'node:net'

/**
 * What counts as one client, of its address: an IPv4 address, also where it is written within IPv6 (mapped, RFC 4291
 * section 2.5.5.2; through a NAT64, RFC 6052), and of IPv6 the /64, which one customer line usually owns, in one spelling
 * whatever the address is written in. A port that a proxy added is left out. What is no address is one client: `unknown`.
 */
export function clientNetwork(written: string): string {
  const address = written.replace(/^\[([^\]]*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  if (isIPv4(address)) return address
  const [unscoped = ''] = address.split('%')
  if (!isIPv6(unscoped)) return 'unknown'
  // the URL parser writes each address in one way, with `::` for the longest zeros and without dots
  const [head = '', tail = ''] = new URL(`http://[${unscoped}]`).hostname.slice(1, -1).split('::')
  const [first, last] = [groupsOf(head), groupsOf(tail)]
  const groups = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last]
  const within = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'].includes(groups.slice(0, 6).join(':'))
  return within ? groups.slice(6).flatMap(bytesOf).join('.') : `${groups.slice(0, 4).join(':')}::/64`
}

const groupsOf = (text: string): string[] => text.split(':').filter((group) => group !== '')
const bytesOf = (group: string): number[] => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]
