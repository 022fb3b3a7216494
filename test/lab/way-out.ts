import { run } from './command.ts'
import type { Lab } from './lab.ts'
import { inside } from './network.ts'

const name = 'way-out'

/** A way out of a site, and how many packets took it. */
export interface WayOut {
  packets(): Promise<number>
  /** Takes it away, so that the site has none again; returns the packets. */
  end(): Promise<number>
}

/**
 * Gives a site a way out that leads nowhere (a pair of interfaces, one of which has the default route), and counts what goes
 * there: without one the kernel refuses before there is a packet to be counted, with it a site that reaches for nothing outside
 * sends none.
 */
export async function countWayOut({ networkNamespace }: Pick<Lab, 'networkNamespace'>): Promise<WayOut> {
  const there = (...command: string[]) => {
    const [program = '', ...args] = inside(networkNamespace, ...command)
    return run(program, args)
  }
  await there('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-end`)
  // nobody is asked who has an address: whatever goes there is a packet to it
  await there('ip', 'link', 'set', name, 'arp', 'off', 'up')
  await there('ip', 'link', 'set', `${name}-end`, 'arp', 'off', 'up')
  await there('ip', 'route', 'add', 'default', 'dev', name)
  const packets = async () => {
    const [link] = JSON.parse(await there('ip', '-json', '-statistics', 'link', 'show', 'dev', name))
    return link.stats64.tx.packets as number
  }
  return {
    packets,
    async end() {
      const count = await packets()
      await there('ip', 'link', 'delete', name)
      return count
    },
  }
}
