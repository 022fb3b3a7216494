import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CoreV1Api, type V1Pod } from '@kubernetes/client-node'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import { createAuthority, issueCertificate } from './certificates.ts'
import type { Lab } from './lab.ts'
import { nodeName } from './node.ts'

const group = 'metrics.k8s.io'
const version = 'v1beta1'
const root = `/apis/${group}/${version}`
const service = { name: 'metrics', namespace: 'kube-system' }

/** The part of kubelet's /stats/summary that is read here (k8s.io/kubelet/pkg/apis/stats/v1alpha1). */
export type Summary = {
  pods?: {
    podRef: { name: string; namespace: string }
    containers?: {
      name: string
      cpu?: { time: string; usageNanoCores?: number }
      memory?: { workingSetBytes?: number }
    }[]
  }[]
}

/**
 * The metrics API that clusters usually have and the lab lacks: an APIService of `metrics.k8s.io`, served by this process
 * at the bastion's address, with what the node's kubelet measures. Without nodes, which nobody here asks for.
 */
export async function serveMetrics(lab: Lab): Promise<{ close(): Promise<void> }> {
  const config = newKubeConfig()
  config.loadFromFile(lab.kubeconfig)
  const core = config.makeApiClient(CoreV1Api)
  const directory = await mkdtemp(join(tmpdir(), 'metrics-api-'))
  const authority = await createAuthority(directory, 'ca', 'metrics API of the lab')
  const dns = [`${service.name}.${service.namespace}.svc`]
  const { certificateFile, keyFile } = await issueCertificate(authority, directory, 'server', {
    commonName: 'metrics',
    dns,
    usage: ['serverAuth'],
  })
  const [ca, cert, key] = await Promise.all(
    [authority.certificateFile, certificateFile, keyFile].map((f) => readFile(f)),
  )
  await rm(directory, { recursive: true, force: true })

  async function answer(url: URL): Promise<object | undefined> {
    if (url.pathname === root) return resources
    const [, namespace] = new RegExp(`^${root}(?:/namespaces/([a-z0-9-]+))?/pods$`).exec(url.pathname) ?? []
    if (namespace === undefined && url.pathname !== `${root}/pods`) return undefined
    const selector = url.searchParams.get('labelSelector')
    const select = selector === null ? {} : { labelSelector: selector }
    const { items } =
      namespace === undefined
        ? await core.listPodForAllNamespaces(select)
        : await core.listNamespacedPod({ namespace, ...select })
    const text = await core.connectGetNodeProxyWithPath({ name: nodeName, path: 'stats/summary' })
    return podMetrics(items, typeof text === 'string' ? JSON.parse(text) : text)
  }

  const server = createServer({ cert: cert ?? '', key: key ?? '' }, (request, response) => {
    answer(new URL(request.url ?? '/', 'https://metrics'))
      .then((body) => {
        response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body ?? {}))
      })
      .catch((error: Error) => response.writeHead(500).end(error.message))
  })
  server.listen(0, lab.bastionAddress)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await lab.kubectl(['apply', '--filename=-'], { input: manifest(lab.bastionAddress, port, ca ?? Buffer.of()) })
  await lab.kubectl(['wait', '--for=condition=Available', `apiservice/${version}.${group}`, '--timeout=30s'])
  return {
    async close() {
      await lab.kubectl(['delete', `apiservice/${version}.${group}`])
      await lab.kubectl(['delete', `--namespace=${service.namespace}`, `service/${service.name}`])
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What the kubelet measured of some pods, as metrics.k8s.io/v1beta1 says it. */
export function podMetrics(pods: readonly V1Pod[], summary: Summary): object {
  const measured = new Map(
    summary.pods?.map(({ podRef, containers = [] }) => [`${podRef.namespace}/${podRef.name}`, containers]),
  )
  const items = pods.flatMap(({ metadata }) => {
    const containers =
      measured
        .get(`${metadata?.namespace}/${metadata?.name}`)
        ?.filter(({ cpu }) => cpu?.usageNanoCores !== undefined) ?? []
    const [first] = containers
    if (first === undefined) return []
    return [
      {
        metadata: { name: metadata?.name, namespace: metadata?.namespace, labels: metadata?.labels ?? {} },
        timestamp: first.cpu?.time,
        window: '10s',
        containers: containers.map(({ name, cpu, memory }) => ({
          name,
          usage: {
            cpu: `${cpu?.usageNanoCores ?? 0}n`,
            memory: `${Math.round((memory?.workingSetBytes ?? 0) / 1024)}Ki`,
          },
        })),
      },
    ]
  })
  return { kind: 'PodMetricsList', apiVersion: `${group}/${version}`, metadata: {}, items }
}

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${group}/${version}`,
  resources: [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['list'] }],
}

function manifest(address: string, port: number, ca: Buffer): string {
  const { name, namespace } = service
  const items = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: service,
      spec: { ports: [{ port: 443, targetPort: port, protocol: 'TCP' }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ port, protocol: 'TCP' }],
      endpoints: [{ addresses: [address] }],
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        service,
        caBundle: ca.toString('base64'),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}
