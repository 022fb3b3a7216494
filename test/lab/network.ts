import { existsSync, readlinkSync, statSync } from 'node:fs'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { run } from './command.ts'
import { findProcesses, type ProcessRecord } from './process.ts'

/** The site's only wire: a veth pair between this machine (the bastion) and the namespace that the node lives in. */
export type SiteNetwork = {
  namespace: string
  bastionInterface: string
  bastionAddress: string
  nodeAddress: string
}

export const nodeInterface = 'site0'
export const serviceRange = '10.96.0.0/16'
export const podRange = '10.244.0.0/16'
const subnets = 100

/** Arguments that make a program run in the namespace. `ip netns exec` would remount /sys and hide the cgroups. */
export function inside(namespace: string, ...command: string[]): string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`, ...command]
}

const ip = (...args: string[]) => run('ip', args)

/**
 * Creates the namespace and its wire on the first free 10.99.N.0/24. There is no default route, the bastion does not
 * forward what comes in by the wire, and IPv6 is off: the site has no way out.
 */
export async function createNetwork(namespace: string): Promise<SiteNetwork> {
  await ip('netns', 'add', namespace)
  const { index, bastionInterface } = await createWire(namespace)
  const bastionAddress = `10.99.${index}.1`
  const nodeAddress = `10.99.${index}.2`
  const exec = (...command: string[]) => run('nsenter', inside(namespace, ...command).slice(1))
  // without a limit on ICMP a pod learns at once, not by timeouts, that there is no way out
  await exec('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv4.ip_forward=1', 'net.ipv4.icmp_ratelimit=0')
  await exec('ip', 'link', 'set', 'lo', 'up')
  await exec('ip', 'address', 'add', `${nodeAddress}/24`, 'dev', nodeInterface)
  await exec('ip', 'link', 'set', nodeInterface, 'up')
  // the kernel wants a route for a Service's address before kube-proxy's rules turn it into a pod's
  await exec('ip', 'route', 'add', serviceRange, 'dev', nodeInterface)
  const settings = `net.ipv4.conf.${bastionInterface}.forwarding=0`
  await run('sysctl', ['-qw', settings, `net.ipv6.conf.${bastionInterface}.disable_ipv6=1`])
  await ip('address', 'add', `${bastionAddress}/24`, 'dev', bastionInterface)
  await ip('link', 'set', bastionInterface, 'up')
  return { namespace, bastionInterface, bastionAddress, nodeAddress }
}

/** The interface's name reserves the subnet: the kernel lets one lab create it. */
async function createWire(namespace: string): Promise<{ index: number; bastionInterface: string }> {
  const routes = JSON.parse(await ip('-j', '-4', 'route', 'show', 'table', 'all')) as { dst?: string }[]
  const taken = new Set(routes.flatMap(({ dst }) => /^10\.99\.(\d+)\./.exec(dst ?? '')?.[1] ?? []))
  for (let index = 0; index < subnets; index++) {
    if (taken.has(String(index))) continue
    const bastionInterface = `sealift-${index}`
    if (existsSync(`/sys/class/net/${bastionInterface}`)) continue
    try {
      await ip('link', 'add', bastionInterface, 'type', 'veth', 'peer', 'name', nodeInterface, 'netns', namespace)
      return { index, bastionInterface }
    } catch (error) {
      if (!existsSync(`/sys/class/net/${bastionInterface}`)) throw error
    }
  }
  throw new SealiftError('CLUSTER_LAB_NETWORK', 'no subnet of 10.99.0.0/16 is free', {
    fix: 'end a lab that is not needed any more: npm run lab -- down',
  })
}

/** The processes that live in the namespace. */
export function namespaceProcesses(namespace: string): ProcessRecord[] {
  const path = `/run/netns/${namespace}`
  if (!existsSync(path)) return []
  const identity = `net:[${statSync(path).ino}]`
  return findProcesses(namespace, (pid) => readlinkSync(`/proc/${pid}/ns/net`) === identity)
}

/** Removes namespace and wire; it is no error when they are not there. */
export async function deleteNetwork(namespace: string): Promise<void> {
  if (!existsSync(`/run/netns/${namespace}`)) return
  // takes the bastion's end along at once; the namespace itself goes when its last user has
  await run('nsenter', inside(namespace, 'ip', 'link', 'delete', nodeInterface).slice(1)).catch(() => {})
  await ip('netns', 'delete', namespace)
}
