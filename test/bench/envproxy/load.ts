import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from '../child.ts'
import type { Work } from './client.ts'

/** The process that plays all users. */
export interface Load extends Child {
  do<K extends keyof Work>(name: K, ...args: Parameters<Work[K]>): Promise<ReturnType<Work[K]>>
}

const script = fileURLToPath(new URL('./client.ts', import.meta.url))

export function startLoad(scratch: string): Load {
  const child = startChild([process.execPath, script], { log: join(scratch, 'client.log'), ipc: true })
  let last = 0
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  child.process.on('message', ({ id, value, error }: { id: number; value: never; error?: string }) => {
    if (error === undefined) waiting.get(id)?.resolve(value)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  child.process.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`the client ended; see ${scratch}/client.log`))
  })
  return {
    ...child,
    do: (name, ...args) =>
      new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        child.process.send({ id, name, args })
      }),
  }
}
