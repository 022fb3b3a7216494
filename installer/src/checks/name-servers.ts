import { getServers } from 'node:dns'
import { existsSync } from 'node:fs'
import { addressesOf } from '../install/addresses-of.ts'
import type { Check } from './check.ts'
import { unclaimed } from './unclaimed.ts'

export const nameServers: Check = {
  id: 'name-servers',
  title: 'The name servers answer for what there is, and for nothing else',
  protects: 'smoke',
  why: 'With a wildcard in the search domain names inside the cluster lead elsewhere, and a name server at localhost is not the one that nodes and pods have.',
  level: 'warning',
  async run() {
    const name = unclaimed()
    const answered = await addressesOf(name)
    const failed = { state: 'failed', code: 'CLUSTER_NAMES' } as const
    if (answered.length > 0)
      return {
        ...failed,
        found: `a name that nobody gave, ${name}, leads to ${answered.join(', ')}`,
        needed: 'no wildcard in the search domain',
        fix: 'take the wildcard out of DNS, or the domain out of `search` in /etc/resolv.conf, here and on the nodes',
      }
    const servers = getServers()
    const local = servers.filter((server) => /^(127\.|\[?::1)/.test(server))
    // systemd-resolved knows the others, and tells kubelets
    const resolved = existsSync('/run/systemd/resolve/resolv.conf')
    if (local.length > 0 && !resolved)
      return {
        ...failed,
        found: `this machine asks itself: ${local.join(', ')}`,
        needed: 'a name server of the site',
        fix: 'name one in /etc/resolv.conf; where a node is set up like this, its pods resolve nothing',
      }
    return { state: 'passed', found: `${servers.join(', ') || 'none named'}; no wildcard` }
  },
}
