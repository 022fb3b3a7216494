import type { Rendered } from '../unit/manifests/rendered-chart.ts'

/**
 * Changes to the objects of a workspace (by their place in workspaceObjects) that only a manager would make which somebody
 * else has taken over.
 */
export const overreach: [string, number, (object: Rendered, pod: Rendered, container: Rendered) => void][] = [
  [
    'a Deployment under the name of the envproxy',
    3,
    (o) => {
      o.metadata.name = 'cde-envproxy'
    },
  ],
  [
    'a Deployment under the name of another workspace',
    3,
    (o) => {
      o.metadata.name = 'ws-abcdefghij'
    },
  ],
  [
    'a Deployment without the label of a workspace',
    3,
    (o) => {
      delete o.metadata.labels['sealift.dev/workspace']
    },
  ],
  [
    'pods that look like the database',
    3,
    (o) => {
      o.spec.template.metadata.labels['app.kubernetes.io/component'] = 'postgres'
    },
  ],
  [
    'pods of the release',
    3,
    (o) => {
      o.spec.template.metadata.labels['app.kubernetes.io/instance'] = 'cde'
    },
  ],
  [
    'pods that are no workspace',
    3,
    (o) => {
      delete o.spec.template.metadata.labels['app.kubernetes.io/part-of']
    },
  ],
  [
    'pods that another network is attached to',
    3,
    (o) => {
      o.spec.template.metadata.annotations = { 'k8s.v1.cni.cncf.io/networks': 'x' }
    },
  ],
  [
    'two pods',
    3,
    (o) => {
      o.spec.replicas = 2
    },
  ],
  [
    "the manager's own account",
    3,
    (_, pod) => {
      pod.serviceAccountName = 'cde-manager'
    },
  ],
  [
    'the default account',
    3,
    (_, pod) => {
      delete pod.serviceAccountName
    },
  ],
  [
    'a token of the Kubernetes API',
    3,
    (_, pod) => {
      pod.automountServiceAccountToken = true
    },
  ],
  [
    'a token by default',
    3,
    (_, pod) => {
      delete pod.automountServiceAccountToken
    },
  ],
  [
    "the node's network",
    3,
    (_, pod) => {
      pod.hostNetwork = true
    },
  ],
  [
    "the node's processes",
    3,
    (_, pod) => {
      pod.hostPID = true
    },
  ],
  [
    'a chosen node',
    3,
    (_, pod) => {
      pod.nodeName = 'control-plane'
    },
  ],
  [
    'to go before everything else',
    3,
    (_, pod) => {
      pod.priorityClassName = 'system-node-critical'
    },
  ],
  ["the database's password", 3, (_, pod) => pod.volumes.push({ name: 's', secret: { secretName: 'cde-postgres' } })],
  [
    'the same, projected',
    3,
    (_, pod) => pod.volumes.push({ name: 's', projected: { sources: [{ secret: { name: 'cde-ticket' } }] } }),
  ],
  [
    'a token, projected',
    3,
    (_, pod) => pod.volumes.push({ name: 's', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }),
  ],
  ['another ConfigMap', 3, (_, pod) => pod.volumes.push({ name: 's', configMap: { name: 'sealift-receipt' } })],
  [
    "the database's disk",
    3,
    (_, pod) => pod.volumes.push({ name: 's', persistentVolumeClaim: { claimName: 'data-cde-postgres-17-0' } }),
  ],
  [
    "another one's home",
    3,
    (_, pod) => pod.volumes.push({ name: 's', persistentVolumeClaim: { claimName: 'ws-abcdefghij-home' } }),
  ],
  ['a folder of the node', 3, (_, pod) => pod.volumes.push({ name: 's', hostPath: { path: '/' } })],
  ['a driver', 3, (_, pod) => pod.volumes.push({ name: 's', csi: { driver: 'secrets-store.csi.k8s.io' } })],
  [
    'a disk made for the pod',
    3,
    (_, pod) =>
      pod.volumes.push({
        name: 's',
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        },
      }),
  ],
  [
    'a secret as a variable',
    3,
    (_, __, c) => c.env.push({ name: 'S', valueFrom: { secretKeyRef: { name: 'cde-postgres', key: 'password' } } }),
  ],
  [
    'more of the secret of the proxy than the login',
    3,
    (_, __, c) => c.env.push({ name: 'S', valueFrom: { secretKeyRef: { name: 'cde-proxy', key: 'ca.crt' } } }),
  ],
  [
    'a file that holds the login',
    3,
    (_, __, c) => c.env.push({ name: 'S', valueFrom: { configMapKeyRef: { name: 'cde-proxy', key: 'login' } } }),
  ],
  [
    'a secret as the environment',
    3,
    (_, __, c) => {
      c.envFrom = [{ secretRef: { name: 'cde-postgres' } }]
    },
  ],
  ['a second container', 3, (_, pod, c) => pod.containers.push({ ...c, name: 'second', ports: [] })],
  [
    'a container before',
    3,
    (_, pod, c) => {
      pod.initContainers = [{ ...c, name: 'first', ports: [], readinessProbe: undefined, livenessProbe: undefined }]
    },
  ],
  [
    'privileges',
    3,
    (_, __, c) => {
      c.securityContext = { privileged: true }
    },
  ],
  [
    'a capability',
    3,
    (_, __, c) => {
      c.securityContext.capabilities.add = ['NET_RAW']
    },
  ],
  [
    'all capabilities that there are by default',
    3,
    (_, __, c) => {
      delete c.securityContext.capabilities
    },
  ],
  [
    'to become more',
    3,
    (_, __, c) => {
      delete c.securityContext.allowPrivilegeEscalation
    },
  ],
  [
    'root',
    3,
    (_, pod) => {
      pod.securityContext.runAsNonRoot = false
    },
  ],
  [
    'root in the container',
    3,
    (_, __, c) => {
      c.securityContext.runAsUser = 0
    },
  ],
  [
    'a port of the node',
    3,
    (_, __, c) => {
      c.ports[0].hostPort = 26337
    },
  ],
  [
    'a kubelet that asks elsewhere',
    3,
    (_, __, c) => {
      c.readinessProbe.httpGet.host = '169.254.169.254'
    },
  ],
  [
    'a hook',
    3,
    (_, __, c) => {
      c.lifecycle = { postStart: { httpGet: { path: '/', port: 80, host: '169.254.169.254' } } }
    },
  ],
  [
    'a Service at a port of each node',
    2,
    (o) => {
      o.spec.type = 'NodePort'
    },
  ],
  [
    'a Service with an address of its own',
    2,
    (o) => {
      o.spec.type = 'LoadBalancer'
    },
  ],
  [
    'a Service that takes an address over',
    2,
    (o) => {
      o.spec.externalIPs = ['192.0.2.1']
    },
  ],
  [
    'a Service that leads elsewhere',
    2,
    (o) => {
      o.spec = { type: 'ExternalName', externalName: 'evil.example' }
    },
  ],
  [
    "a Service of the database's pods",
    2,
    (o) => {
      o.spec.selector = { 'app.kubernetes.io/component': 'postgres' }
    },
  ],
  [
    "a Service of nobody's pods",
    2,
    (o) => {
      delete o.spec.selector
    },
  ],
  [
    'a Service under the name of the ingress',
    2,
    (o) => {
      o.metadata.name = 'cde-ingress-pods'
    },
  ],
  [
    "a copy of the database's disk",
    1,
    (o) => {
      o.spec.dataSource = { kind: 'PersistentVolumeClaim', name: 'data-cde-postgres-17-0' }
    },
  ],
  [
    'a volume that is there',
    1,
    (o) => {
      o.spec.volumeName = 'pv-1'
    },
  ],
  [
    "a claim that isn't a home",
    1,
    (o) => {
      o.metadata.name = 'data'
    },
  ],
  [
    'an account with a token',
    0,
    (o) => {
      o.automountServiceAccountToken = true
    },
  ],
  [
    'an account at a cloud',
    0,
    (o) => {
      o.metadata.annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/x' }
    },
  ],
  [
    'an account named after another workspace',
    0,
    (o) => {
      o.metadata.name = 'ws-abcdefghij'
    },
  ],
  [
    'a home named after another workspace',
    1,
    (o) => {
      o.metadata.name = 'ws-abcdefghij-home'
    },
  ],
  [
    'a Service named after another workspace',
    2,
    (o) => {
      o.metadata.name = 'ws-abcdefghij-pod'
    },
  ],
  [
    'a Service that is not labelled as a workspace',
    2,
    (o) => {
      delete o.metadata.labels['app.kubernetes.io/component']
    },
  ],
  [
    'an account of another name',
    0,
    (o) => {
      o.metadata.name = 'cde-manager'
    },
  ],
]
