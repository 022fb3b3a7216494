import type { V1Node } from '@kubernetes/client-node'
import type { RenderedObject } from '../coverage/rendered-yaml.ts'
import type { Reporter } from './events.ts'

interface PodRunner extends RenderedObject {
  spec?: {
    replicas?: number
    template?: { spec?: { containers?: { resources?: { requests?: Record<string, unknown> } }[] } }
  }
}

/** Compares what the chart's pods ask for with what the nodes have in all; the cluster's other pods aren't counted. */
export function warnCapacity(nodes: readonly V1Node[], objects: readonly RenderedObject[], report: Reporter): void {
  for (const [name, unit] of [
    ['cpu', 'cores'],
    ['memory', 'bytes'],
  ] as const) {
    const there = nodes.reduce((sum, node) => sum + quantity(node.status?.allocatable?.[name]), 0)
    const asked = (objects as PodRunner[]).reduce((sum, { spec }) => {
      const containers = spec?.template?.spec?.containers ?? []
      const each = containers.reduce((s, container) => s + quantity(container.resources?.requests?.[name]), 0)
      return sum + each * (spec?.replicas ?? 1)
    }, 0)
    if (asked > there)
      report.warn(`the platform asks for ${asked} ${unit} of ${name}, the nodes have ${there}: some pods will wait`)
  }
}

const factors: Record<string, number> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** A Kubernetes quantity (`100m`, `1.5Gi`) as a number; 0 for what is none. */
export function quantity(text: unknown): number {
  const [, number, suffix = ''] = /^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(text ?? '')) ?? []
  return number === undefined ? 0 : Number(number) * (factors[suffix] ?? 1)
}
