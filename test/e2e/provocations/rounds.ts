import { brokenNetwork } from './broken-network.ts'
import { closedPorts } from './closed-ports.ts'
import { crowdedCluster } from './crowded-cluster.ts'
import { fullNode } from './full-node.ts'
import { lonelyMachine } from './lonely-machine.ts'
import { oldCluster } from './old-cluster.ts'
import type { Provocation } from './provocation.ts'
import { sickControlPlane } from './sick-control-plane.ts'
import { untrustingNode } from './untrusting-node.ts'

/** All provocations, by rounds one after the other: those of a round do not disturb each other and are tried at once. */
export const rounds: readonly (readonly Provocation[])[] = [
  [lonelyMachine, untrustingNode, closedPorts, brokenNetwork],
  [sickControlPlane, oldCluster],
  [crowdedCluster],
  [fullNode],
]
