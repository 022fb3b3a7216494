import type { V1Node, V1Pod } from '@kubernetes/client-node'
import { counted } from '../amounts.ts'
import { quantity } from '../cluster/quantity.ts'
import type { InstallContext } from '../install/context.ts'
import { siteNodes } from '../install/site-nodes.ts'
import { askedBy, chartPods, type Room } from './chart-pods.ts'
import type { Check } from './check.ts'

export const capacity: Check = {
  id: 'capacity',
  title: 'The nodes have room for the platform',
  protects: 'rollout',
  why: 'Pods wait until there is room, or until something adds a node (a cluster autoscaler).',
  level: 'warning',
  after: ['nodes'],
  async run(context) {
    const { fitting } = await siteNodes(context)
    const free = await freeRoom(context, fitting)
    const pods = chartPods(await context.objects()).flatMap(({ spec, replicas }) =>
      Array.from({ length: replicas }, () => askedBy(spec)),
    )
    const needed = `${shown(sum(pods))} in ${pods.length} pods`
    const found = `${shown(sum(free))} free on ${counted(fitting.length, 'node')}`
    const waiting = placed(pods, free)
    if (waiting.length === 0) return { state: 'passed', found: `${found}; the platform asks for ${needed}` }
    return {
      state: 'failed',
      code: 'CLUSTER_CAPACITY',
      found: `${found}: ${waiting.length} of ${pods.length} pods would wait, each for ${waiting.map(shown)[0]}`,
      needed,
      fix: `add a node, answer with fewer replicas, or see what runs: kubectl${context.cluster().flags} describe nodes`,
    }
  },
}

/** What each node has left of what it gives to pods, by the requests of those that run there; the platform's own don't count. */
async function freeRoom({ cluster, answers }: InstallContext, nodes: readonly V1Node[]): Promise<Room[]> {
  const { core, request } = cluster()
  const running: V1Pod[] = []
  for (let token: string | undefined; ; ) {
    const page = await request('list pods', () =>
      core.listPodForAllNamespaces({
        limit: 500,
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
        ...(token === undefined ? {} : { _continue: token }),
      }),
    )
    running.push(...page.items)
    token = page.metadata?._continue || undefined
    if (token === undefined) break
  }
  return nodes.map(({ metadata, status }) => {
    const there = running.filter(
      (pod) => pod.spec?.nodeName === metadata?.name && pod.metadata?.namespace !== answers.namespace,
    )
    const taken = sum(there.map(({ spec }) => askedBy(spec ?? {})))
    const { cpu, memory, pods } = status?.allocatable ?? {}
    return {
      cpu: Math.max(0, quantity(cpu) - taken.cpu),
      memory: Math.max(0, quantity(memory) - taken.memory),
      pods: Math.max(0, (pods === undefined ? 110 : quantity(pods)) - there.length),
    }
  })
}

/** Pods that find no place when the largest are placed first, each where most room is. */
function placed(pods: readonly Room[], free: readonly Room[]): Room[] {
  const left = free.map((room) => ({ ...room }))
  const largest = [...pods].sort((a, b) => b.memory - a.memory || b.cpu - a.cpu)
  return largest.filter((pod) => {
    const fits = (room: Room) => room.cpu >= pod.cpu && room.memory >= pod.memory && room.pods >= 1
    const place = left.filter(fits).sort((a, b) => b.memory - a.memory)[0]
    if (!place) return true
    place.cpu -= pod.cpu
    place.memory -= pod.memory
    place.pods -= 1
    return false
  })
}

const sum = (rooms: readonly Room[]): Room => ({
  cpu: rooms.reduce((total, { cpu }) => total + cpu, 0),
  memory: rooms.reduce((total, { memory }) => total + memory, 0),
  pods: rooms.reduce((total, { pods }) => total + pods, 0),
})

const shown = ({ cpu, memory }: Room): string =>
  `${Number(cpu.toFixed(2))} cores and ${Number((memory / 1e9).toFixed(2))} GB`
