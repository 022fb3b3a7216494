import { isDocument, isIndex } from './descriptor.ts'
import { SealiftError } from './error.ts'
import type { Graph, Node } from './graph.ts'
import { adaptive, type Pace, steady } from './pace.ts'
import type { Bytes, ContentSink, ContentStore, WriteOutcome } from './store.ts'
import { verified } from './verify.ts'

export interface CopyProgress {
  /** bytes that are at the receiver by now, of `total` */
  done: number
  total: number
  /** bytes that went over the wire */
  sent: number
}

export interface CopyOptions {
  /** blobs under way at once; by default it finds out what pays */
  concurrency?: number
  signal?: AbortSignal
  onProgress?: (progress: CopyProgress) => void
}

export interface CopyResult {
  /** number of writes by outcome; one blob in three repositories is three writes */
  outcomes: Record<WriteOutcome, number>
  /** bytes that went over the wire */
  sent: number
}

/**
 * The one verb: moves a graph from one place to another. Blobs first, each sent once and mounted into the other
 * repositories that name it; then documents, children before parents; names last, when all is there. So the receiver
 * never shows a name whose content it lacks, wherever this stops.
 * @throws SealiftError of the side that failed; `signal.reason` when aborted
 */
export async function copyGraph(
  from: ContentStore,
  to: ContentSink,
  graph: Graph,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const outcomes: Record<WriteOutcome, number> = { sent: 0, mounted: 0, present: 0 }
  const progress = { done: 0, total: graph.size, sent: 0 }
  const report = () => options.onProgress?.({ ...progress })
  let start = () => {}
  const pace = options.concurrency ? steady(options.concurrency) : adaptive(() => start())

  /** bytes at the receiver, node by node: what is sent a second time is not there twice */
  const there = new Map<Node, number>()
  const arrived = (node: Node, bytes: number) => {
    const before = there.get(node) ?? 0
    const now = Math.min(before + bytes, node.descriptor.size)
    there.set(node, now)
    progress.done += now - before
  }
  for (const node of graph.nodes) arrived(node, to.held?.(node.descriptor) ?? 0)
  if (progress.done > 0) report()

  async function copyNode(node: Node): Promise<void> {
    for (const [i, target] of node.targets.entries()) {
      const source = (offset: number) => openSource(from, to, node, offset, signal)
      const outcome = await to.write(target, node.descriptor, source, {
        signal,
        mountFrom: node.targets.slice(0, i),
        origin: from.origin,
        onBytes: (bytes) => {
          progress.sent += bytes
          pace.moved(bytes)
          if (i === 0) arrived(node, bytes)
          report()
        },
      })
      outcomes[outcome]++
      if (i === 0 && there.get(node) !== node.descriptor.size) {
        arrived(node, node.descriptor.size)
        report()
      }
    }
  }

  async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
    try {
      await atPace(items, work, { pace, signal, stop, onReady: (more) => (start = more) })
    } catch (error) {
      throw options.signal?.aborted ? options.signal.reason : error
    }
  }

  const kinds = Object.groupBy(graph.nodes, ({ descriptor: { mediaType } }) =>
    isIndex(mediaType) ? 'indexes' : isDocument(mediaType) ? 'manifests' : 'blobs',
  )
  try {
    // large blobs first: they bound the end of the copy
    await each(
      (kinds.blobs ?? []).toSorted((a, b) => b.descriptor.size - a.descriptor.size),
      copyNode,
    )
    await each(kinds.manifests ?? [], copyNode)
    // an index may name others, which stand before it
    for (const index of kinds.indexes ?? []) await each([index], copyNode)
    await each(graph.roots, (root) => to.tag(root.target, root.descriptor, signal))
  } finally {
    pace.close()
  }
  return { outcomes, sent: progress.sent }
}

interface Run {
  pace: Pace
  signal: AbortSignal
  /** ends what is under way when one fails */
  stop: AbortController
  /** gets what starts more when the pace has grown */
  onReady: (more: () => void) => void
}

/** Works through items, as many at once as the pace allows. Ends when all that was begun has ended. */
function atPace<T>(items: readonly T[], work: (item: T) => Promise<unknown>, run: Run): Promise<void> {
  const queue = items[Symbol.iterator]()
  let active = 0
  let failure: { error: unknown } | undefined
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      failure ??= { error }
      run.stop.abort(error)
    }
    const start = () => {
      while (!failure && active < run.pace.limit) {
        const { done, value } = queue.next()
        if (done) break
        if (run.signal.aborted) {
          fail(run.signal.reason)
          break
        }
        active++
        work(value)
          .catch(fail)
          .finally(() => {
            active--
            start()
          })
      }
      if (active > 0) return
      if (failure) reject(failure.error)
      else resolve()
    }
    run.onReady(start)
    start()
  })
}

async function openSource(
  from: ContentStore,
  to: ContentSink,
  node: Node,
  offset: number,
  signal: AbortSignal,
): Promise<Bytes> {
  const { descriptor, bytes } = node
  if (bytes) return one(bytes.subarray(offset))
  const repository = node.sources[0] as string
  if (offset > descriptor.size)
    throw new SealiftError('INTERNAL_OFFSET', `offset ${offset} is behind the end of ${descriptor.digest}`)
  if (offset > 0) return await from.open(repository, descriptor, { start: offset, end: descriptor.size }, signal)
  const all = await from.open(repository, descriptor, undefined, signal)
  return to.proves ? all : verified(descriptor, all, from.origin)
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
