import type { V1PodSpec } from '@kubernetes/client-node'
import { quantity } from '../cluster/quantity.ts'
import type { RenderedObject } from '../coverage/rendered-yaml.ts'

/** What a pod asks for, or what a node has: cores, bytes, pods. */
export interface Room {
  cpu: number
  memory: number
  pods: number
}

/** Pods that an object of the chart runs. */
export interface ChartPods {
  kind: string
  name: string
  spec: V1PodSpec
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> }
  /** of a DaemonSet one stands for all */
  replicas: number
}

interface Runner extends RenderedObject {
  metadata?: { name?: string }
  spec?: {
    replicas?: number
    template?: { metadata?: ChartPods['metadata']; spec?: V1PodSpec }
    volumeClaimTemplates?: { metadata?: { name?: string } }[]
  }
}

const runners = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job']

/** The pods of rendered objects, by what runs them; those of a StatefulSet with a volume for each of its claims, as it makes them. */
export const chartPods = (objects: readonly RenderedObject[]): ChartPods[] =>
  (objects as Runner[]).flatMap(
    ({ kind, metadata, spec: { template, replicas = 1, volumeClaimTemplates = [] } = {} }) => {
      if (!runners.includes(kind) || !template?.spec) return []
      const name = metadata?.name ?? ''
      const claims = volumeClaimTemplates.map(({ metadata: { name: volume = '' } = {} }) => ({
        name: volume,
        persistentVolumeClaim: { claimName: `${volume}-${name}-0` },
      }))
      const spec = { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] }
      return [{ kind, name, spec, metadata: template.metadata ?? {}, replicas }]
    },
  )

/** What a pod asks for, as the scheduler counts (Kubernetes, "Init Containers", Resource sharing within containers). */
export function askedBy({ containers = [], initContainers = [], overhead }: Partial<V1PodSpec>): Room {
  const of = (name: 'cpu' | 'memory') => {
    const requests = (list: typeof containers) => list.map(({ resources }) => quantity(resources?.requests?.[name]))
    const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
    const running = [...requests(containers), ...requests(sidecars)].reduce((total, one) => total + one, 0)
    return Math.max(running, ...requests(initContainers)) + quantity(overhead?.[name])
  }
  return { cpu: of('cpu'), memory: of('memory'), pods: 1 }
}
