import { join } from 'node:path'
import { cached, hashInputs } from './cache.ts'
import { run } from './command.ts'
import type { ControlPlane } from './controlplane.ts'
import { startDaemon } from './daemon.ts'
import { serviceRange } from './network.ts'
import { nodeName } from './node.ts'
import type { LabState } from './state.ts'

export const kubeRouterVersion = 'v2.1.0'

/** Path of kube-router, built from source where the cache lacks it (about 2 minutes). `go` is the compiler's version. */
export async function buildKubeRouter(go: string, log: (line: string) => void): Promise<string> {
  const module = `github.com/cloudnativelabs/kube-router/v2/cmd/kube-router@${kubeRouterVersion}`
  const directory = await cached(`kube-router-${hashInputs([kubeRouterVersion, go])}`, 30 * 60_000, async (target) => {
    log(`building kube-router ${kubeRouterVersion} (about 2 minutes the first time)`)
    await run('go', ['install', '-trimpath', '-ldflags', '-s -w', module], {
      environment: { CGO_ENABLED: '0', GOBIN: target },
      timeout: 30 * 60_000,
    })
  })
  return join(directory, 'kube-router')
}

/** Lets kube-router enforce NetworkPolicies on the node; routes and Services stay with the bridge and kube-proxy. */
export async function startNetworkPolicies(
  state: LabState,
  controlPlane: ControlPlane,
  kubeRouter: string,
): Promise<void> {
  await startDaemon(state, 'kube-router', [
    kubeRouter,
    `--kubeconfig=${await controlPlane.kubeconfigFor('kube-router', 'sealift-lab:kube-router')}`,
    `--hostname-override=${nodeName}`,
    '--run-firewall=true',
    '--run-router=false',
    '--run-service-proxy=false',
    '--run-loadbalancer=false',
    `--service-cluster-ip-range=${serviceRange}`,
    // policies of this size are written in milliseconds; a missed event is made good within 30 s
    '--iptables-sync-period=30s',
    '--health-port=0',
    '--metrics-port=0',
  ])
}
