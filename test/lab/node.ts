import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate } from './certificates.ts'
import { createCgroup } from './cgroup.ts'
import type { ControlPlane } from './controlplane.ts'
import { startDaemon } from './daemon.ts'
import { podRange, type SiteNetwork } from './network.ts'
import type { LabState } from './state.ts'

export const nodeName = 'node'
export const dnsAddress = '10.96.0.10'

/** Starts kubelet and kube-proxy. */
export async function startNode(
  state: LabState,
  network: SiteNetwork,
  controlPlane: ControlPlane,
  hyperkube: string,
  containerdSocket: string,
): Promise<void> {
  await createCgroup(state.cgroup)
  const pki = join(state.directory, 'pki')
  const kubelet = join(state.directory, 'kubelet')
  await mkdir(kubelet, { recursive: true })
  // a site without a way out has no name server but the cluster's own
  await writeFile(join(state.directory, 'resolv.conf'), '')
  const serving = await issueCertificate(controlPlane.authority, pki, 'kubelet-serving', {
    commonName: nodeName,
    ip: [network.nodeAddress],
    usage: ['serverAuth'],
  })
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: controlPlane.authority.certificateFile },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: serving.certificateFile,
    tlsPrivateKeyFile: serving.keyFile,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${state.cgroup}`,
    clusterDNS: [dnsAddress],
    clusterDomain: 'cluster.local',
    resolvConf: join(state.directory, 'resolv.conf'),
    podLogsDir: join(state.directory, 'pod-logs'),
    volumePluginDir: join(state.directory, 'volume-plugins'),
    failSwapOn: false,
    oomScoreAdj: 0,
    serializeImagePulls: false,
    registryPullQPS: 0,
    // the machine's disk and memory are shared with builds and tests: evict late, never collect images
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
  }
  const configFile = join(state.directory, 'kubelet.json')
  await writeFile(configFile, JSON.stringify(config, null, 2))
  await startDaemon(state, 'kubelet', [
    hyperkube,
    'kubelet',
    `--config=${configFile}`,
    `--kubeconfig=${await controlPlane.kubeconfigFor('kubelet', `system:node:${nodeName}`, 'system:nodes')}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${network.nodeAddress}`,
    `--root-dir=${kubelet}`,
    `--cert-dir=${join(kubelet, 'pki')}`,
  ])
  await startDaemon(state, 'kube-proxy', [
    hyperkube,
    'kube-proxy',
    `--kubeconfig=${await controlPlane.kubeconfigFor('kube-proxy', 'system:kube-proxy')}`,
    `--hostname-override=${nodeName}`,
    `--cluster-cidr=${podRange}`,
    '--proxy-mode=iptables',
    // connection tracking's limits belong to the whole machine, not to this namespace
    '--conntrack-max-per-core=0',
    '--oom-score-adj=0',
  ])
}
