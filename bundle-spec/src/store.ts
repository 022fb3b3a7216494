import type { Descriptor } from './descriptor.ts'

/** Half-open range of bytes: [start, end). */
export interface ByteRange {
  start: number
  end: number
}

/**
 * Bytes in order. Chunks may be of any length; the consumer may stop early. A chunk is the consumer's to keep, unless the
 * consumer gives its memory back to where it came from or the store says that its chunks are for senders only.
 */
export type Bytes = AsyncIterable<Uint8Array> & {
  /** The failure of bytes that are not what was asked for, where they come from a place that is to be named for it. */
  blame?: (why: string) => Error | undefined
}

/**
 * The one noun: a place that holds content by digest. A bundle file, a remote registry, an OCI layout directory and
 * memory all are one. `repository` is the full name under which content is reached, with host and without tag or digest
 * (`registry.example/cde/manager`); places that are not divided into repositories ignore it.
 *
 * A store hands out bytes as it finds them: whoever reads wraps them in `verified` (verify.ts).
 */
export interface ContentStore {
  /** Names the place in progress and errors: "bundle cde.bundle", "registry 10.0.0.1:5000". Holds no credentials. */
  readonly origin: string

  /**
   * Finds what a reference (`host/repository:tag`, `host/repository@digest`) stands for.
   * @throws SealiftError with a code ending in _NOT_FOUND where the place does not have it
   */
  resolve(reference: string, signal?: AbortSignal): Promise<Descriptor>

  /** Whether the place holds the content, whole and committed. */
  has(repository: string, descriptor: Descriptor, signal?: AbortSignal): Promise<boolean>

  /**
   * Opens content for reading, from the start or a range of it. Bytes are not yet hashed.
   * @throws SealiftError with a code ending in _NOT_FOUND where the place does not have it
   */
  open(repository: string, descriptor: Descriptor, range?: ByteRange, signal?: AbortSignal): Promise<Bytes>
}

export interface WriteOptions {
  signal?: AbortSignal
  /** Repositories of the same place that are known to hold the content, best first: a registry mounts from them. */
  mountFrom?: readonly string[]
  /** Called with each number of bytes that went to the place (none when it was mounted or there already). */
  onBytes?: (bytes: number) => void
  /** Names the source, for a place that proves content itself and has to say whose is damaged. */
  origin?: string
}

/** How the bytes of a write got there. */
export type WriteOutcome = 'sent' | 'mounted' | 'present'

/** A place that content can be put into. */
export interface ContentSink extends ContentStore {
  /** Whether it hashes all that it is given, so that nobody needs to do it on the way as well. */
  readonly proves?: boolean

  /** Bytes of content that an interrupted run has left here, known without asking anybody: none, a beginning or all. */
  held?(descriptor: Descriptor): number

  /**
   * Puts content there. `source` opens it from an offset in bytes, so that an interrupted write can resume. From offset
   * 0 it yields verified bytes and throws at the end where they do not match, unless the place proves them itself; one
   * that asks for a later offset does so in any case. Nothing becomes visible unless all bytes match.
   */
  write(
    repository: string,
    descriptor: Descriptor,
    source: (offset: number) => Promise<Bytes>,
    options?: WriteOptions,
  ): Promise<WriteOutcome>

  /** Gives a name to a manifest or index that is there already. */
  tag(reference: string, descriptor: Descriptor, signal?: AbortSignal): Promise<void>
}
