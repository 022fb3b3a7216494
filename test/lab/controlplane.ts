import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credential, createAuthority, issueCertificate, writeKey } from './certificates.ts'
import { run } from './command.ts'
import { startDaemon, waitFor } from './daemon.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { podRange, type SiteNetwork, serviceRange } from './network.ts'
import type { LabState } from './state.ts'
import { kubectlBinary } from './tools.ts'

export const apiPort = 6443
const apiServiceAddress = '10.96.0.1'

/** What the lab's certificates are made with, and a way to give a program its own. */
export type ControlPlane = {
  authority: Credential
  /** Writes `<state>/pki/<name>.kubeconfig` with a client certificate for the Kubernetes user `user`. */
  kubeconfigFor: (name: string, user: string, group?: string) => Promise<string>
}

/** Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler, and waits until the API answers. */
export async function startControlPlane(
  state: LabState,
  network: SiteNetwork,
  hyperkube: string,
): Promise<ControlPlane> {
  const pki = join(state.directory, 'pki')
  await mkdir(pki, { recursive: true, mode: 0o700 })
  const authority = await createAuthority(pki, 'ca', `Kubernetes of ${state.namespace}`)
  const kubeconfigFor = async (name: string, user: string, group?: string) => {
    const request = { commonName: user, ...(group ? { organization: group } : {}), usage: ['clientAuth'] as const }
    const credential = await issueCertificate(authority, pki, name, request)
    const path = name === 'admin' ? state.kubeconfig : join(pki, `${name}.kubeconfig`)
    const server = `https://${network.nodeAddress}:${apiPort}`
    await writeKubeconfig(path, { name: state.name, server, authority }, { name: user, credential })
    return path
  }
  await startEtcd(state, pki, hyperkube)
  await startApiServer(state, network, pki, authority, hyperkube)
  await kubeconfigFor('admin', 'lab-admin', 'system:masters')
  await waitFor(state, 'the Kubernetes API', 90_000, async () => (await raw(state, '/readyz')) === 'ok')
  const serving = await issueCertificate(authority, pki, 'loopback', {
    commonName: 'loopback',
    ip: ['127.0.0.1'],
    usage: ['serverAuth'],
  })
  const common = (kubeconfig: string) => [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--client-ca-file=${authority.certificateFile}`,
    `--tls-cert-file=${serving.certificateFile}`,
    `--tls-private-key-file=${serving.keyFile}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
  ]
  const manager = await kubeconfigFor('kube-controller-manager', 'system:kube-controller-manager')
  await startDaemon(state, 'kube-controller-manager', [
    hyperkube,
    'kube-controller-manager',
    ...common(manager),
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${pki}/service-accounts.key`,
    `--root-ca-file=${authority.certificateFile}`,
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${podRange}`,
    `--service-cluster-ip-range=${serviceRange}`,
    `--flex-volume-plugin-dir=${state.directory}/volume-plugins`,
  ])
  const scheduler = await kubeconfigFor('kube-scheduler', 'system:kube-scheduler')
  // a pod that could not be placed is looked at again by itself, not only after 5 minutes where no event moved it
  const patience = '--pod-max-in-unschedulable-pods-duration=15s'
  await startDaemon(state, 'kube-scheduler', [hyperkube, 'kube-scheduler', ...common(scheduler), patience])
  return { authority, kubeconfigFor }
}

/** Answer of an API server path such as /readyz. */
export async function raw(state: LabState, path: string): Promise<string> {
  const args = [`--kubeconfig=${state.kubeconfig}`, '--request-timeout=5s', 'get', '--raw', path]
  return await run(await kubectlBinary(), args, { timeout: 10_000 })
}

async function startEtcd(state: LabState, pki: string, hyperkube: string): Promise<void> {
  const usage = ['serverAuth', 'clientAuth'] as const
  const authority = await createAuthority(pki, 'etcd-ca', `etcd of ${state.namespace}`)
  const member = await issueCertificate(authority, pki, 'etcd', { commonName: 'etcd', ip: ['127.0.0.1'], usage })
  await issueCertificate(authority, pki, 'etcd-client', { commonName: 'kube-apiserver', usage: ['clientAuth'] })
  const tls = (prefix: string) => [
    `--${prefix}cert-file=${member.certificateFile}`,
    `--${prefix}key-file=${member.keyFile}`,
    `--${prefix}trusted-ca-file=${authority.certificateFile}`,
    `--${prefix}client-cert-auth`,
  ]
  await startDaemon(state, 'etcd', [
    hyperkube,
    'etcd',
    `--data-dir=${state.directory}/etcd`,
    '--listen-client-urls=https://127.0.0.1:2379',
    '--advertise-client-urls=https://127.0.0.1:2379',
    '--listen-peer-urls=https://127.0.0.1:2380',
    ...tls(''),
    ...tls('peer-'),
    '--log-level=warn',
    // a lab starts anew after a crash, so it need not pay for durability
    '--unsafe-no-fsync',
  ])
}

async function startApiServer(
  state: LabState,
  network: SiteNetwork,
  pki: string,
  authority: Credential,
  hyperkube: string,
): Promise<void> {
  const dns = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]
  const serving = await issueCertificate(authority, pki, 'kube-apiserver', {
    commonName: 'kube-apiserver',
    dns,
    ip: ['127.0.0.1', network.nodeAddress, apiServiceAddress],
    usage: ['serverAuth'],
  })
  const toKubelet = await issueCertificate(authority, pki, 'kubelet-client', {
    commonName: kubeletClient,
    usage: ['clientAuth'],
  })
  await writeFile(join(pki, 'service-accounts.pub'), await writeKey(join(pki, 'service-accounts.key')))
  await startDaemon(state, 'kube-apiserver', [
    hyperkube,
    'kube-apiserver',
    `--bind-address=${network.nodeAddress}`,
    `--advertise-address=${network.nodeAddress}`,
    `--secure-port=${apiPort}`,
    `--tls-cert-file=${serving.certificateFile}`,
    `--tls-private-key-file=${serving.keyFile}`,
    `--client-ca-file=${authority.certificateFile}`,
    '--anonymous-auth=false',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--etcd-servers=https://127.0.0.1:2379',
    `--etcd-cafile=${pki}/etcd-ca.crt`,
    `--etcd-certfile=${pki}/etcd-client.crt`,
    `--etcd-keyfile=${pki}/etcd-client.key`,
    `--kubelet-certificate-authority=${authority.certificateFile}`,
    `--kubelet-client-certificate=${toKubelet.certificateFile}`,
    `--kubelet-client-key=${toKubelet.keyFile}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki}/service-accounts.pub`,
    `--service-account-signing-key-file=${pki}/service-accounts.key`,
    `--service-cluster-ip-range=${serviceRange}`,
    '--allow-privileged=true',
  ])
}

/** The user that the API server is for kubelets; kubernetes/access.yaml gives it its rights. */
export const kubeletClient = 'kube-apiserver-kubelet-client'
