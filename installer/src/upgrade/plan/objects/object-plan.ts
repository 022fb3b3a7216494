/** Which object is meant; without a namespace it belongs to the whole cluster. */
export interface ObjectName {
  apiVersion: string
  kind: string
  namespace?: string
  name: string
}

/**
 * A field that gets another value. `from` is missing where it comes, `to` where it goes. The path names entries of lists by
 * their key: `spec.template.spec.containers[manager].env[LEVEL].value`. Values are JSON, text as it is; a secret's is left
 * out and `hidden` says so.
 */
export interface Change {
  path: string
  from?: string
  to?: string
  hidden?: true
}

/** A field that somebody else owns: Helm stops at it (Kubernetes, "Server-Side Apply", conflicts). */
export interface Conflict {
  path: string
  /** who: `kubectl-edit`, `kubectl` with subresource `scale`, a controller */
  manager: string
  subresource?: string
  /** RFC 3339, where the API server keeps it */
  at?: string
  /** what it is now and what the release wants; a secret's is left out */
  is?: string
  wants?: string
}

/** A field that is not as the installed release has it, and who changed it, as far as the API server knows. */
export interface Drift {
  path: string
  /** of the release; missing where the field was added */
  was?: string
  /** now; missing where the field was removed */
  is?: string
  hidden?: true
  manager?: string
  /** RFC 3339 */
  at?: string
}

/**
 * What the upgrade does with an object. `anew`: a field of it cannot be changed, so it is deleted and made anew. `keep`: the
 * new chart does not have it, and its resource policy says that it stays. `blocked`: the upgrade would fail at it.
 */
export type Action = 'add' | 'change' | 'anew' | 'remove' | 'keep' | 'none' | 'blocked'

export interface PlannedObject extends ObjectName {
  action: Action
  /** sentences: why it is blocked, what making anew means, who does it */
  remarks: string[]
  /** fields that cannot be changed, of an object that is made anew */
  immutable: string[]
  changes: Change[]
  conflicts: Conflict[]
  drift: Drift[]
  /** the object is of the installed release, and somebody deleted it */
  deleted?: true
  /** how many changes, conflicts and drifts are left out */
  more?: number
}

/** Something that Helm runs or makes around the upgrade. */
export interface PlannedHook extends ObjectName {
  /** `pre-upgrade`, `post-upgrade` */
  events: string[]
}

/** What an upgrade does to the objects of a cluster. */
export interface ObjectPlan {
  /** in the order of the new chart, then those that go; objects of which there is nothing to say are counted alone */
  objects: PlannedObject[]
  hooks: PlannedHook[]
  counts: Record<Action, number>
  /** objects that were not looked at: more than can be */
  left: number
}
