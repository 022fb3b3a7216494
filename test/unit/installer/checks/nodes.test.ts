import { test } from 'node:test'
import { capacity } from '../../../../installer/src/checks/capacity.ts'
import { containerRuntimes } from '../../../../installer/src/checks/container-runtimes.ts'
import { kubelets } from '../../../../installer/src/checks/kubelets.ts'
import { nodeConditions } from '../../../../installer/src/checks/node-conditions.ts'
import { nodeKernels } from '../../../../installer/src/checks/node-kernels.ts'
import { nodePlatforms } from '../../../../installer/src/checks/node-platforms.ts'
import { nodeSizes } from '../../../../installer/src/checks/node-sizes.ts'
import { nodes } from '../../../../installer/src/checks/nodes.ts'
import { storageClass } from '../../../../installer/src/checks/storage-class.ts'
import { volumeExpansion } from '../../../../installer/src/checks/volume-expansion.ts'
import { assertFound, node, site } from './site.ts'

test('nodes that take no pods, or are of another platform, are told apart', async (t) => {
  const { look, nodes: put } = await site(t)
  put(node('a'))
  assertFound(await look(nodes), 'passed', /1 of 1/)
  assertFound(await look(nodePlatforms), 'passed', /linux\/amd64/)
  put(node('a', { spec: { unschedulable: true } }), node('b', { info: { architecture: 'arm64' } }))
  assertFound(await look(nodes), 'error', /no node can run the platform/, 'CLUSTER_NODES')
  assertFound(await look(nodePlatforms), 'warning', /of another platform: b/)
})

test('pressure, and nodes that are not ready, are warned of', async (t) => {
  const { look, nodes: put } = await site(t)
  put(node('a'))
  assertFound(await look(nodeConditions), 'passed', /^1 node$/)
  const conditions = [{ type: 'DiskPressure', status: 'True' }]
  put(node('a'), node('b', { status: { conditions } }))
  assertFound(await look(nodeConditions), 'warning', /^b: not ready, DiskPressure$/, 'CLUSTER_NODE_PRESSURE')
})

test('nodes that are small are warned of, and refused where no editor would run', async (t) => {
  const { look, nodes: put } = await site(t)
  const sized = (cpu: string, memory: string) => node('a', { status: { capacity: { cpu, memory } } })
  put(sized('4', '8Gi'))
  assertFound(await look(nodeSizes), 'passed', /1 node of/)
  put(sized('2', '8Gi'))
  assertFound(await look(nodeSizes), 'warning', /a: 2 cores, 8\.6 GB/, 'CLUSTER_NODE_SIZE')
  put(sized('4', '2Gi'))
  assertFound(await look(nodeSizes), 'error', /a: 4 cores, 2\.1 GB/, 'CLUSTER_NODE_SIZE')
})

test('old kernels, unknown runtimes and kubelets that do not fit are warned of', async (t) => {
  const { look, nodes: put } = await site(t)
  put(node('a'), node('b'))
  assertFound(await look(nodeKernels), 'passed', /^6\.1\.0-18-amd64$/)
  assertFound(await look(containerRuntimes), 'passed', /^containerd:\/\/1\.7\.2$/)
  assertFound(await look(kubelets), 'passed', /^v1\.34\.4$/)
  const old = {
    kernelVersion: '3.10.0-1160.el7',
    containerRuntimeVersion: 'docker://20.10.7',
    kubeletVersion: 'v1.30.2',
  }
  put(node('a'), node('b', { info: old }))
  assertFound(await look(nodeKernels), 'warning', /^b: 3\.10/, 'CLUSTER_NODE_SYSTEM')
  assertFound(await look(containerRuntimes), 'warning', /^b: docker/, 'CLUSTER_NODE_SYSTEM')
  assertFound(await look(kubelets), 'warning', /^b: v1\.30\.2$/, 'CLUSTER_NODE_SYSTEM')
  put(node('a', { info: { kubeletVersion: 'v1.35.0', containerRuntimeVersion: 'containerd://1.5.9' } }))
  assertFound(await look(kubelets), 'warning', /^a: v1\.35\.0$/)
  assertFound(await look(containerRuntimes), 'warning', /1\.5\.9/)
})

const runner = (name: string, replicas: number, cpu: string, memory: string) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } },
  spec: { replicas, template: { spec: { containers: [{ name: 'main', resources: { requests: { cpu, memory } } }] } } },
})
const pod = (nodeName: string, namespace: string, cpu: string, memory: string) => ({
  metadata: { namespace },
  spec: { nodeName, containers: [{ name: 'x', resources: { requests: { cpu, memory } } }] },
})

test('room is what is free, pod by pod and node by node, without what the platform itself takes', async (t) => {
  const objects = async () => [runner('manager', 2, '3', '1Gi'), runner('db', 1, '100m', '1Gi')]
  const { look, nodes: put, answers } = await site(t, {}, { objects })
  const status = { allocatable: { cpu: '4', memory: '4Gi', pods: '10' } }
  put(node('a', { status }), node('b', { status }))
  answers.set('/api/v1/pods', { items: [] })
  assertFound(await look(capacity), 'passed', /8 cores and 8\.59 GB free on 2 nodes; the platform asks for 6\.1 cores/)
  // enough in all, but no node has three cores left
  answers.set('/api/v1/pods', { items: [pod('a', 'x', '1500m', '1Gi')] })
  assertFound(await look(capacity), 'warning', /1 of 3 pods would wait, each for 3 cores/, 'CLUSTER_CAPACITY')
  answers.set('/api/v1/pods', { items: [pod('a', 'cde', '3', '1Gi'), pod('gone', 'x', '9', '1Gi')] })
  assertFound(await look(capacity), 'passed', /8 cores/)
  put(node('a', { status: { allocatable: { cpu: '9', memory: '9Gi', pods: '2' } } }))
  assertFound(await look(capacity), 'warning', /1 of 3 pods would wait/)
})

test('a storage class is there, can grow, and makes volumes by itself', async (t) => {
  const { look, answers } = await site(t, { storageClass: 'fast' })
  const path = '/apis/storage.k8s.io/v1/storageclasses'
  const fast = { metadata: { name: 'fast' }, provisioner: 'csi.example', allowVolumeExpansion: true }
  answers.set(path, { items: [{ metadata: { name: 'slow' } }] })
  assertFound(await look(storageClass), 'error', /no storage class fast: it has: slow/, 'CLUSTER_STORAGE')
  answers.set(path, { items: [fast] })
  assertFound(await look(storageClass), 'passed', /fast/)
  assertFound(await look(volumeExpansion), 'passed', /fast: csi\.example, Immediate/)
  answers.set(path, { items: [{ metadata: fast.metadata, provisioner: 'kubernetes.io/no-provisioner' }] })
  assertFound(await look(volumeExpansion), 'warning', /cannot grow, nothing makes/, 'CLUSTER_STORAGE')
  const usual = await site(t)
  usual.answers.set(path, { items: [fast] })
  assertFound(await usual.look(storageClass), 'error', /no default storage class/)
})

test('what this user may not look at is skipped where it would only be a warning', async (t) => {
  const { look, nodes: put, fake } = await site(t)
  put(node('a'))
  fake.forbids = (call) => call === 'GET /api/v1/pods'
  assertFound(await look(capacity), 'skipped', /does not allow this user to list pods/)
})
