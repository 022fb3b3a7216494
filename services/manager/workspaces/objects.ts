import type {
  V1Deployment,
  V1EnvVar,
  V1PersistentVolumeClaim,
  V1PodSpec,
  V1Service,
  V1ServiceAccount,
} from '@kubernetes/client-node'
import { proxyVariables, type WorkspaceDefaults } from '../environment.ts'
import type { WorkspaceSpec } from './engine.ts'
import { gpusOf, placementOf } from './placement.ts'

export const workspaceLabel = 'sealift.dev/workspace'
/** Tells from outside that a pod's image is one of the release: those follow it to another registry. */
export const releaseImageMark = 'sealift.dev/release-image'
/** Selects the objects of all workspaces. */
export const workspaceSelector = 'app.kubernetes.io/part-of=cde,app.kubernetes.io/component=workspace'

const uid = 10001
/** The doors of a workspace: terminals, the editor, SSH. */
const ports = { agent: 26337, ide: 13337, ssh: 12212 } as const

type Objects = [V1ServiceAccount, V1PersistentVolumeClaim, V1Service, V1Deployment, V1Service]

/** Names of a workspace's Kubernetes objects. */
export const objectNames = (id: string) => ({
  base: `ws-${id}`,
  home: `ws-${id}-home`,
  /** leads to the pod itself, at any port: dev URLs */
  pod: `ws-${id}-pod`,
})

/**
 * The Kubernetes objects of a workspace, in the order to create them. The pod meets the Pod Security Standard
 * "restricted" and has no token of the Kubernetes API. A tenth of the cores and a quarter of the memory are reserved:
 * people rarely build all at once, and the limits hold when they do. GPUs are whole and never shared.
 * @throws EngineRefusal for GPUs at a site without
 */
export function workspaceObjects(spec: WorkspaceSpec, site: WorkspaceDefaults): Objects {
  const { base, home, pod } = objectNames(spec.id)
  const labels = {
    'app.kubernetes.io/part-of': 'cde',
    'app.kubernetes.io/component': 'workspace',
    'app.kubernetes.io/managed-by': 'cde-manager',
    [workspaceLabel]: spec.id,
  }
  const meta = (name: string) => ({ name, namespace: site.namespace, labels })
  const selector = { [workspaceLabel]: spec.id }
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: meta(base),
      automountServiceAccountToken: false,
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: meta(home),
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: `${spec.diskGiB}Gi` } },
        ...(site.storageClass === undefined ? {} : { storageClassName: site.storageClass }),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(base),
      spec: {
        type: 'ClusterIP',
        selector,
        ports: Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: name, protocol: 'TCP' })),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta(base),
      spec: {
        replicas: spec.on ? 1 : 0,
        revisionHistoryLimit: 1,
        progressDeadlineSeconds: 300,
        // the home volume can be mounted by one pod only
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels,
            annotations: {
              // another number makes another pod
              ...(spec.rebuilds ? { 'sealift.dev/rebuilds': String(spec.rebuilds) } : {}),
              ...(spec.ofRelease ? { [releaseImageMark]: 'true' } : {}),
            },
          },
          spec: podSpec(spec, site),
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(pod),
      spec: { clusterIP: 'None', selector, ports: [{ name: 'agent', port: ports.agent, targetPort: 'agent' }] },
    },
  ]
}

function podSpec(spec: WorkspaceSpec, site: WorkspaceDefaults): V1PodSpec {
  const { base, home } = objectNames(spec.id)
  const ca = site.caConfigMap
  const gpus = gpusOf(spec, site)
  return {
    ...placementOf(spec, site),
    serviceAccountName: base,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 10,
    imagePullSecrets: [...new Set([...site.pullSecrets, ...(spec.pullSecret ? [spec.pullSecret] : [])])].map(
      (name) => ({ name }),
    ),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: uid,
      fsGroup: uid,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'workspace',
        image: spec.image,
        ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
        env: [
          { name: 'PORT', value: String(ports.agent) },
          { name: 'HOME', value: '/home/coder' },
          { name: 'WORKSPACE_ID', value: spec.id },
          ...(site.ticketKeys === undefined ? [] : [{ name: 'TICKET_KEYS', value: site.ticketKeys }]),
          ...(site.gallery === undefined ? [] : [{ name: 'EDITORS_GALLERY', value: site.gallery }]),
          ...proxyEnvironment(site),
          ...(ca === undefined ? [] : [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/sealift/ca/ca.crt' }]),
        ],
        readinessProbe: { httpGet: { path: '/healthz', port: 'agent' }, periodSeconds: 2, failureThreshold: 3 },
        // a restart mends an agent that no longer listens; of one that somebody's build starves it ends the work
        livenessProbe: { tcpSocket: { port: 'agent' }, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 9 },
        resources: {
          requests: { cpu: `${Math.ceil(spec.cpuMilli / 10)}m`, memory: `${spec.memoryGiB * 256}Mi`, ...gpus },
          limits: { cpu: `${spec.cpuMilli}m`, memory: `${spec.memoryGiB}Gi`, ...gpus },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'home', mountPath: '/home/coder' },
          { name: 'tmp', mountPath: '/tmp' },
          ...(ca === undefined ? [] : [{ name: 'ca', mountPath: '/etc/sealift/ca', readOnly: true }]),
        ],
      },
    ],
    volumes: [
      { name: 'home', persistentVolumeClaim: { claimName: home } },
      { name: 'tmp', emptyDir: { sizeLimit: '2Gi' } },
      ...(ca === undefined ? [] : [{ name: 'ca', configMap: { name: ca } }]),
    ],
  }
}

/**
 * Both spellings: curl reads http_proxy in lower case only, others the upper case only. The login is put into the URLs by the
 * kubelet (Kubernetes, "Define Dependent Environment Variables"), so that no object holds it but its secret.
 */
function proxyEnvironment({ proxy = {}, proxyLoginSecret }: WorkspaceDefaults): V1EnvVar[] {
  const login: V1EnvVar[] =
    proxyLoginSecret === undefined
      ? []
      : [{ name: 'PROXY_LOGIN', valueFrom: { secretKeyRef: { name: proxyLoginSecret, key: 'login' } } }]
  const variables = proxyVariables.flatMap((name) => {
    const url = proxy[name]
    if (url === undefined) return []
    const value = login.length > 0 && name !== 'NO_PROXY' ? url.replace('://', '://$(PROXY_LOGIN)@') : url
    return [name, name.toLowerCase()].map((one) => ({ name: one, value }))
  })
  return variables.length === 0 ? [] : [...login, ...variables]
}
