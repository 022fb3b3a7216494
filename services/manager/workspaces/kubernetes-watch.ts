import { setTimeout as sleep } from 'node:timers/promises'
import {
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node'
import type { FastifyBaseLogger } from 'fastify'
import { workspaceLabel, workspaceSelector } from './objects.ts'

/** The objects of one kind that belong to workspaces, kept up to date by a watch. */
export type Watched<T> = {
  /** The objects of a workspace. */
  of(id: string): T[]
  /** False until the first list, and while the watch is broken. */
  current(): boolean
  /** Resolves after the first list. */
  ready: Promise<void>
  close(): Promise<void>
}

type Options<T extends KubernetesObject> = {
  config: KubeConfig
  path: string
  list: () => Promise<KubernetesListObject<T>>
  /** `gone`: one of its objects is not there any more */ changed: (id: string, gone: boolean) => void
  log: Pick<FastifyBaseLogger, 'warn'>
}

/** Watches one kind; a broken watch starts again with a fresh list after 1 s, doubling to 30 s. */
export function watchObjects<T extends KubernetesObject>({ config, path, list, changed, log }: Options<T>): Watched<T> {
  const closing = new AbortController()
  let byWorkspace = new Map<string, Map<string, T>>()
  let current = false
  const first = Promise.withResolvers<void>()

  /** Watches until the watch breaks. */
  async function once(): Promise<void> {
    const fresh = new Map<string, Map<string, T>>()
    const broken = Promise.withResolvers<Error>()
    const informer = makeInformer<T>(config, path, list, workspaceSelector)
    const put = (object: T): void => {
      const id = object.metadata?.labels?.[workspaceLabel]
      const name = object.metadata?.name
      if (id === undefined || name === undefined) return
      fresh.set(id, (fresh.get(id) ?? new Map<string, T>()).set(name, object))
      changed(id, false)
    }
    informer.on('add', put)
    informer.on('update', put)
    informer.on('delete', (object) => {
      const id = object.metadata?.labels?.[workspaceLabel]
      const objects = id === undefined ? undefined : fresh.get(id)
      objects?.delete(object.metadata?.name ?? '')
      if (id !== undefined && objects?.size === 0) fresh.delete(id)
      if (id !== undefined) changed(id, true)
    })
    informer.on('error', (error) => broken.resolve(error instanceof Error ? error : new Error(String(error))))
    const stop = () => broken.resolve(new Error('closing'))
    closing.signal.addEventListener('abort', stop, { once: true })
    try {
      // resolves once the list is there and the watch has begun, or after an error
      await Promise.race([informer.start(), broken.promise])
      const settled = await Promise.race([broken.promise, Promise.resolve(undefined)])
      if (settled === undefined) {
        byWorkspace = fresh
        current = true
        first.resolve()
      }
      const error = await broken.promise
      if (!closing.signal.aborted) log.warn({ path, reason: error.message }, 'a watch of Kubernetes broke')
    } finally {
      current = false
      closing.signal.removeEventListener('abort', stop)
      await informer.stop()
    }
  }

  const running = (async () => {
    for (let delay = 1_000; !closing.signal.aborted; delay = Math.min(delay * 2, 30_000)) {
      const began = Date.now()
      await once().catch((error: Error) => log.warn({ path, reason: error.message }, 'a watch of Kubernetes failed'))
      if (Date.now() - began > 60_000) delay = 1_000
      await sleep(delay, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  })()

  return {
    of: (id) => [...(byWorkspace.get(id)?.values() ?? [])],
    current: () => current,
    ready: first.promise,
    async close() {
      closing.abort()
      await running
    },
  }
}
