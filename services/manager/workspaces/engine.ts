/** What runs a workspace. Sizes: thousandths of a core, GiB. */
export type WorkspaceSpec = {
  id: string
  image: string
  cpuMilli: number
  memoryGiB: number
  diskGiB: number
  /** whole ones; absent: none */
  gpus?: number
  on: boolean
  /** how often its owner asked for a new pod */
  rebuilds?: number
  /** its image is one of the release, not one that the site added */
  ofRelease?: boolean
  /** Secret of Kubernetes that pulls the image, beside the site's */
  pullSecret?: string | null
  /** its home volume was made before: it is never made again, since that would be an empty one */
  homeMade?: boolean
}

/**
 * What there is of a workspace's home. `going`: somebody deletes it, and it is there until the pod ends; `growing`: it
 * is as large as asked for once the pod has been made anew.
 */
export type HomeState = 'there' | 'lost' | 'going' | 'growing'

/** What the engine sees of a workspace: `unknown` while the engine itself is out of reach. */
export type Observation =
  | { seen: 'unknown' }
  | { seen: 'absent' }
  | {
      seen: 'present'
      ready: boolean
      off: boolean
      failure?: string
      progress?: string
      /** something that can be made again is missing */ lacks?: boolean
      home?: HomeState
    }

/** What a workspace uses now: cores and bytes. */
export type WorkspaceStats = { id: string; cpu: number; memoryBytes: number }

/** The place where workspaces run. */
export type WorkspaceEngine = {
  /** Makes it as the spec says; applying the same again changes nothing. @throws EngineRefusal */
  apply(spec: WorkspaceSpec): Promise<void>
  /** Makes the home volume this large, in GiB; applying leaves it alone. @throws EngineRefusal where it cannot grow */
  growHome(id: string, diskGiB: number): Promise<void>
  /** Deletes everything that belongs to the workspace. Returns true when nothing is left. */
  remove(id: string): Promise<boolean>
  /** What was last seen; answers at once. */
  observe(id: string): Observation
  /** What running workspaces use; undefined where nothing measures it. */
  stats(): Promise<WorkspaceStats[] | undefined>
  /** Asks whether the engine answers. @throws when it does not */
  check(): Promise<void>
  /** Starts watching; `changed` is called with the id of a workspace whose observation changed, `gone`: as an object went. */
  watch(changed: (id: string, gone: boolean) => void): Promise<void>
  close(): Promise<void>
}

/** The engine said no: a person has to read `message` (a quota, a right that is missing). */
export class EngineRefusal extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EngineRefusal'
  }
}
