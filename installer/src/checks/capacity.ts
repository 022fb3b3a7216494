import { quantity } from '../cluster/quantity.ts'
import type { RenderedObject } from '../coverage/rendered-yaml.ts'
import { siteNodes } from '../install/site-nodes.ts'
import type { Check } from './check.ts'

export const capacity: Check = {
  id: 'capacity',
  title: 'The nodes have room for the platform',
  protects: 'rollout',
  why: 'Some pods would wait until there is room.',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { fitting } = await siteNodes(context)
    const objects = (await context.objects()) as PodRunner[]
    const room = (['cpu', 'memory'] as const).map((name) => ({
      name,
      there: fitting.reduce((sum, node) => sum + quantity(node.status?.allocatable?.[name]), 0),
      asked: objects.reduce((sum, object) => sum + asks(object, name), 0),
    }))
    const found = room.map(({ name, there }) => `${shown[name](there)}`).join(', ')
    const needed = room.map(({ name, asked }) => `${shown[name](asked)}`).join(', ')
    if (room.every(({ there, asked }) => asked <= there))
      return { state: 'passed', found: `${found}; the platform asks for ${needed}` }
    return {
      state: 'failed',
      code: 'CLUSTER_CAPACITY',
      found,
      needed,
      fix: 'add a node, or set fewer replicas in the answers',
    }
  },
}

const shown = {
  cpu: (cores: number) => `${Number(cores.toFixed(2))} cores`,
  memory: (bytes: number) => `${Number((bytes / 2 ** 30).toFixed(1))} GiB of memory`,
}

interface PodRunner extends RenderedObject {
  spec?: {
    replicas?: number
    template?: { spec?: { containers?: { resources?: { requests?: Record<string, unknown> } }[] } }
  }
}

function asks({ spec }: PodRunner, resource: 'cpu' | 'memory'): number {
  const containers = spec?.template?.spec?.containers ?? []
  const each = containers.reduce((sum, { resources }) => sum + quantity(resources?.requests?.[resource]), 0)
  return each * (spec?.replicas ?? 1)
}
