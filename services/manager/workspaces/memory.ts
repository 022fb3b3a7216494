import {
  EngineRefusal,
  type Observation,
  type WorkspaceEngine,
  type WorkspaceSpec,
  type WorkspaceStats,
} from './engine.ts'

/** An engine in memory, for tests and for development without a cluster: `set` plays what the cluster would do. */
export type MemoryEngine = WorkspaceEngine & {
  specs: Map<string, WorkspaceSpec>
  set(id: string, observation: Observation): void
  measure(stats: WorkspaceStats[] | undefined): void
}

/** A new engine in memory. Applied workspaces are ready at once. */
export function memoryEngine(): MemoryEngine {
  const specs = new Map<string, WorkspaceSpec>()
  const seen = new Map<string, Observation>()
  let measured: WorkspaceStats[] | undefined
  let listener: (id: string, gone: boolean) => void = () => {}
  return {
    specs,
    set(id, observation) {
      seen.set(id, observation)
      listener(id, observation.seen === 'absent')
    },
    measure(stats) {
      measured = stats
    },
    async apply(spec) {
      specs.set(spec.id, { ...spec })
      seen.set(spec.id, { seen: 'present', ready: spec.on, off: !spec.on })
      listener(spec.id, false)
    },
    async growHome(id, diskGiB) {
      const spec = specs.get(id)
      if (spec === undefined) throw new EngineRefusal('there is no home volume')
      specs.set(id, { ...spec, diskGiB })
      listener(id, false)
    },
    async remove(id) {
      specs.delete(id)
      seen.delete(id)
      listener(id, true)
      return true
    },
    observe: (id) => seen.get(id) ?? { seen: 'absent' },
    stats: async () => measured,
    async check() {},
    async watch(changed) {
      listener = changed
    },
    async close() {},
  }
}
