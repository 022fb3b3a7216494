import { counted } from '../amounts.ts'
import type { Check } from './check.ts'
import { skew } from './clock.ts'
import { listed } from './listed.ts'

interface Lease {
  metadata: { name: string; managedFields?: { time?: string; manager?: string }[] }
  spec?: { renewTime?: string }
}

/**
 * A kubelet renews its Lease by its own clock, and the API server notes by its own when that was written (whole seconds):
 * the two say how far they are apart (Kubernetes, "Node heartbeats"; "Server-Side Apply", managedFields).
 */
export const nodeClocks: Check = {
  id: 'node-clocks',
  title: 'The clocks of the nodes agree with the API server',
  protects: 'rollout',
  why: 'On a node with another time tokens and certificates are refused, and logs and backups mislead.',
  level: 'warning',
  after: ['api'],
  async run({ cluster }) {
    const { find, raw, flags } = cluster()
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    const list = await find('read the heartbeats of nodes', () => raw<{ items: Lease[] }>('GET', path))
    const nodes = (list?.items ?? []).flatMap((lease) => {
      const seconds = aheadOf(lease)
      return seconds === undefined ? [] : [{ name: lease.metadata.name, seconds }]
    })
    if (nodes.length === 0) return { state: 'skipped', found: 'the cluster tells no heartbeats of nodes' }
    const off = nodes.filter(({ seconds }) => Math.abs(seconds) > skew.warning)
    if (off.length === 0)
      return { state: 'passed', found: `${counted(nodes.length, 'node')}, less than ${skew.warning + 1} s apart` }
    const said = off.map(
      ({ name, seconds }) => `${name} ${Math.round(Math.abs(seconds))} s ${seconds > 0 ? 'ahead' : 'behind'}`,
    )
    return {
      state: 'failed',
      level: off.some(({ seconds }) => Math.abs(seconds) > skew.error) ? 'error' : 'warning',
      code: 'CLUSTER_CLOCK',
      found: listed(said),
      needed: `${skew.warning} s at most; from ${skew.error} s on nothing is installed`,
      fix: `on these nodes: timedatectl status; kubectl${flags} get leases --namespace kube-node-lease`,
    }
  },
}

/** Seconds by which a node is certainly ahead of the API server. */
function aheadOf({ metadata, spec }: Lease): number | undefined {
  const renewed = Date.parse(spec?.renewTime ?? '')
  const written = Math.max(...(metadata.managedFields ?? []).map(({ time }) => Date.parse(time ?? '')))
  if (Number.isNaN(renewed) || !Number.isFinite(written)) return undefined
  // written at some time of that second, at most a second after the node had looked at its clock
  if (renewed > written + 1000) return (renewed - written - 1000) / 1000
  return renewed < written - 1000 ? (renewed - written + 1000) / 1000 : 0
}
