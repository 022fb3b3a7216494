/**
 * What a registry can do, as far as questions and refusals have told so far. `undefined`: not known yet. Uploads read it
 * so that no refusal is met twice.
 */
export interface Learned {
  /** takes uploads in chunks (PATCH); false: whole blobs only */
  chunks?: boolean
  /** bytes that a chunk has at least (OCI-Chunk-Min-Length), 0 where it asks for nothing */
  minimumChunk: number
  /** bytes of the largest body that it took */
  largestTaken: number
  /** bytes of the smallest body that it, or a proxy before it, found too large (413) */
  smallestRefused?: number
  /** bytes per millisecond of the last chunk */
  rate?: number
  /** mounts blobs from its other repositories */
  mounts?: boolean
  /** mounts that it turned down without one that it did */
  mountsRefused: number
  /** how it says where an upload goes on; `elsewhere`: at another host */
  location?: 'absolute' | 'relative' | 'elsewhere'
  /** tells how far an upload has come */
  tellsOffset?: boolean
  /** an upload can go on although the answer to its last chunk was lost */
  keepsUploads?: boolean
  /** drops an upload when it is told to */
  cancels?: boolean
  /** how referrers are found: its API, or an index under a tag */
  referrers?: 'api' | 'tag'
  /** takes manifests of things that are no images */
  artifacts?: boolean
  /** takes image indexes */
  indexes?: boolean
  /** a tag that is there cannot be given to other content */
  immutableTags?: boolean
  /** what it calls itself (Server header) */
  server?: string
}

export const nothingLearned = (): Learned => ({ minimumChunk: 0, largestTaken: 0, mountsRefused: 0 })

/** mounts turned down in a row after which none is tried any more */
const enoughRefusals = 3

export function learnMount(learned: Learned, mounted: boolean): void {
  if (mounted) learned.mounts = true
  else if (learned.mounts === undefined && ++learned.mountsRefused >= enoughRefusals) learned.mounts = false
}

/** Whether a body of so many bytes is worth a try. */
export const mayBeTaken = ({ largestTaken, smallestRefused }: Learned, length: number): boolean =>
  length <= largestTaken || smallestRefused === undefined || length < smallestRefused

export function learnTaken(learned: Learned, length: number): void {
  learned.largestTaken = Math.max(learned.largestTaken, length)
}

export function learnRefused(learned: Learned, length: number): void {
  learned.smallestRefused = Math.min(learned.smallestRefused ?? Number.POSITIVE_INFINITY, length)
}
