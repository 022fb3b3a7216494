import { paperNodes } from './paper-nodes.ts'
import { error, type Provocation, warning } from './provocation.ts'

const name = 'crowded-cluster'
const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
const platform = { 'app.kubernetes.io/part-of': 'cde', 'app.kubernetes.io/instance': 'cde' }

/** Others have been here before: quotas, limits, webhooks and what is left over; nodes that are old, small or ill. */
export const crowdedCluster: Provocation = {
  name,
  tells: {
    'api-ports': warning(
      'CLUSTER_POD_API',
      /listens at 10\.99\.\d+\.2, port 6443; policies let the manager go there at 53, 5353, 443, /,
    ),
    'older-release': error('BUNDLE_OLDER', /cde 9\.9\.9 is installed in crowded-cluster/),
    leftovers: warning('CLUSTER_LEFTOVERS', /PersistentVolumeClaim data-cde-postgres-17-0/),
    ownership: error('CLUSTER_OWNED', /Service cde-manager is of no Helm release/),
    quotas: error('CLUSTER_QUOTA', /small leaves 1 of pods/),
    'volume-expansion': warning('CLUSTER_STORAGE', /storage class lab: its volumes cannot grow/),
    'node-platforms': warning('CLUSTER_NODES', /of another platform: paper-arm$/),
    'node-conditions': warning('CLUSTER_NODE_PRESSURE', /paper-ill: not ready, MemoryPressure, DiskPressure/),
    'node-sizes': error('CLUSTER_NODE_SIZE', /paper-old: 1 cores, 1\.1 GB/),
    'node-kernels': warning('CLUSTER_NODE_SYSTEM', /^paper-old: 3\.10\.0-1160\.el7\.x86_64$/),
    'container-runtimes': warning('CLUSTER_NODE_SYSTEM', /^paper-old: docker:\/\/19\.3\.1$/),
    kubelets: warning('CLUSTER_NODE_SYSTEM', /paper-old: v1\.19\.16/),
    'node-clocks': error('CLUSTER_CLOCK', /paper-old \d+ s ahead/),
    capacity: warning('CLUSTER_CAPACITY', /of \d\d pods would wait/),
    webhooks: warning('CLUSTER_WEBHOOK', /down\.sealift\.test: nothing behind service default\/nobody/),
    networks: warning('CLUSTER_NETWORKS', /services 10\.96\.0\.0\/16 and node paper-old 10\.96\.0\.77/),
    'database-backup': warning('CLUSTER_DATABASE', /^PostgreSQL 18, and the release brings the programs of 17/),
    'database-room': warning('CLUSTER_DATABASE', /^5\d connections left/),
    coverage: error('BUNDLE_UNCOVERED', /registry\.sealift\.example\/cde\/other:1/),
    admission: error(
      'CLUSTER_ADMISSION',
      /IngressClass .*failed calling webhook "down\.sealift\.test".*a pod of .*maximum memory usage per Container is 300Mi/,
    ),
    images: error('REGISTRY_INCOMPLETE', /\/elsewhere lacks (\d+) of \1 parts/),
  },
  async arrange(site, undo) {
    const { answers } = site
    const at = (name: string, labels: object = {}) => ({ namespace: 'crowded-cluster', name, labels })
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await site.put(undo, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: restricted } })
    await site.put(
      undo,
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: at('small'), spec: { hard: { pods: '1' } } },
      {
        ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: at('tight') },
        spec: { limits: [{ type: 'Container', max: { memory: '300Mi' } }] },
      },
      {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: at('data-cde-postgres-17-0', platform) },
        spec: { ...claim, storageClassName: 'none' },
      },
      { apiVersion: 'v1', kind: 'Service', metadata: at('cde-manager'), spec: { ports: [{ port: 1 }] } },
      {
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: at('sealift-receipt') },
        data: { 'receipt.json': '{"release":{"version":"9.9.9"}}' },
      },
      downWebhook,
    )
    await paperNodes(site, undo)
    return {
      answers: {
        registry: { ...answers.registry, address: `${answers.registry.address}/elsewhere` },
        replicas: { manager: 50 },
        values: {
          ingress: { annotations: { 'example.com/note': 'registry.sealift.example/cde/other:1' } },
          networkPolicies: { kubernetesAPI: { ports: [443] } },
        },
      },
    }
  },
}

const downWebhook = {
  ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
  metadata: { name: 'down' },
  webhooks: [
    {
      ...{ name: 'down.sealift.test', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail' },
      clientConfig: { service: { namespace: 'default', name: 'nobody' } },
      rules: [
        { apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], operations: ['*'], resources: ['ingressclasses'] },
      ],
    },
  ],
}
