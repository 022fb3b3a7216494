import { getAsset, isSea } from 'node:sea'
import { Worker } from 'node:worker_threads'

/** Starts a thread of hash-worker.ts; the single executable carries its code as an asset. */
export function startHashThread(workerData?: { stop: Int32Array }): Worker {
  return isSea()
    ? new Worker(getAsset('hash-worker.js', 'utf8'), { eval: true, workerData })
    : new Worker(new URL('./hash-worker.ts', import.meta.url), { workerData })
}
