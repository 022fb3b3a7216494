import type { Redactor } from '../redact.ts'
import type { ApiObject } from './list.ts'

/** A pod, as far as its logs and its health are concerned. */
export interface PodFacts {
  name: string
  /** whether a user's workspace runs in it */
  workspace: boolean
  /** of the platform itself */
  ours: boolean
  containers: { name: string; restarts: number; started: boolean }[]
  /** where it says that it is ready: `http:8080/healthz` */
  health: string[]
  troubled: boolean
}

/** What the objects of a site say of it, gathered while they go by. */
export interface Facts {
  pods: PodFacts[]
  nodes: { name: string; ready: boolean; conditions: string[]; info: Record<string, string> }[]
  /** what does not run or waits, one sentence each */
  troubles: string[]
  workloads: ApiObject[]
}

interface Container {
  name?: string
  ports?: { name?: string; containerPort?: number }[]
  readinessProbe?: { httpGet?: { path?: string; port?: string | number; scheme?: string } }
  env?: { name?: string; value?: string }[]
}
interface Pod extends ApiObject {
  spec?: { containers?: Container[]; initContainers?: Container[] }
  status?: { phase?: string; containerStatuses?: Status[]; initContainerStatuses?: Status[] }
}
interface Status {
  name?: string
  ready?: boolean
  restartCount?: number
  containerID?: string
  state?: { waiting?: { reason?: string }; terminated?: object; running?: object }
}

const componentLabel = 'app.kubernetes.io/component'
const partOf = 'app.kubernetes.io/part-of'

/** What only the site itself is written in, never the people who use it. */
const infrastructure = new Set(
  'Node Pod Service Endpoints EndpointSlice Ingress IngressClass Deployment StatefulSet DaemonSet IPAddress ServiceCIDR NetworkPolicy'.split(
    ' ',
  ),
)

export const noFacts = (): Facts => ({ pods: [], nodes: [], troubles: [], workloads: [] })

/** Learns from one object: what is the site's own, who owns what, and what is the matter with it. */
export function observe(facts: Facts, redactor: Redactor, object: ApiObject): void {
  const { kind = '' } = object
  if (infrastructure.has(kind))
    redactor.learnOwnAddressesIn(JSON.stringify([object.spec, object.status, object.subsets, object.endpoints]))
  switch (kind) {
    case 'Pod':
      observePod(facts, object as Pod)
      return
    case 'Node':
      observeNode(facts, redactor, object as Node)
      return
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      facts.workloads.push({
        apiVersion: object.apiVersion,
        kind,
        metadata: object.metadata,
        spec: object.spec,
        status: object.status,
      } as ApiObject)
      for (const { env } of containersOf(object))
        for (const { name, value } of env ?? []) if (name === 'DEVURLS_HOST' && value) redactor.learnDevUrlsHost(value)
      return
    case 'Ingress':
      for (const { host } of (object.spec as { rules?: { host?: string }[] } | undefined)?.rules ?? [])
        if (host?.startsWith('*.')) redactor.learnDevUrlsHost(host.slice(2))
      return
    case 'PersistentVolumeClaim': {
      const phase = (object.status as { phase?: string } | undefined)?.phase
      if (phase !== 'Bound') facts.troubles.push(`PersistentVolumeClaim ${object.metadata?.name} is ${phase}`)
    }
  }
}

function containersOf(object: ApiObject): Container[] {
  const template = (object.spec as { template?: { spec?: { containers?: Container[] } } } | undefined)?.template
  return template?.spec?.containers ?? []
}

function observePod(facts: Facts, { metadata, spec = {}, status = {} }: Pod): void {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const ours = metadata?.labels?.[partOf] === 'cde'
  const workspace = ours && metadata?.labels?.[componentLabel] === 'workspace'
  facts.pods.push({
    name: metadata?.name ?? '',
    ours,
    workspace,
    troubled:
      status.phase !== 'Succeeded' &&
      (statuses.length === 0 || statuses.some(({ ready, state }) => !ready && !state?.terminated)),
    containers: [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(({ name = '' }) => {
      const { restartCount = 0, containerID, state } = statuses.find((one) => one.name === name) ?? {}
      return { name, restarts: restartCount, started: Boolean(containerID || state?.running || state?.terminated) }
    }),
    health: (spec.containers ?? []).flatMap(({ readinessProbe, ports }) => {
      const { path = '/', port, scheme = 'HTTP' } = readinessProbe?.httpGet ?? {}
      const number = typeof port === 'number' ? port : ports?.find(({ name }) => name === port)?.containerPort
      return number === undefined ? [] : [`${scheme.toLowerCase()}:${number}${path}`]
    }),
  })
}

interface Node extends ApiObject {
  spec?: { podCIDR?: string; podCIDRs?: string[]; unschedulable?: boolean }
  status?: {
    conditions?: { type?: string; status?: string; reason?: string; message?: string }[]
    nodeInfo?: Record<string, string>
  }
}

function observeNode(facts: Facts, redactor: Redactor, { metadata, spec = {}, status = {} }: Node): void {
  for (const network of [spec.podCIDR, ...(spec.podCIDRs ?? [])]) if (network) redactor.learnOwnAddress(network)
  const name = metadata?.name ?? ''
  const odd = (status.conditions ?? []).filter(({ type, status }) =>
    type === 'Ready' ? status !== 'True' : status === 'True',
  )
  const conditions = odd.map(({ type, status, reason, message }) => `${type} is ${status}: ${reason}: ${message}`)
  for (const condition of conditions) facts.troubles.push(`node ${name}: ${condition}`)
  if (spec.unschedulable) facts.troubles.push(`node ${name} takes no pods: it is cordoned`)
  const {
    kubeletVersion = '',
    containerRuntimeVersion = '',
    kernelVersion = '',
    osImage = '',
    architecture = '',
  } = status.nodeInfo ?? {}
  facts.nodes.push({
    name,
    ready: !odd.some(({ type }) => type === 'Ready'),
    conditions,
    info: {
      kubelet: kubeletVersion,
      runtime: containerRuntimeVersion,
      kernel: kernelVersion,
      system: osImage,
      architecture,
    },
  })
}
