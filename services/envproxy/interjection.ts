import type { Writable } from 'node:stream'
import { createFrames, textFrame } from './frames.ts'

/** Puts messages of ours between those that a workspace sends over a WebSocket. */
export interface Interjection {
  /** Sends a text message as soon as none of the workspace's is half way; one that still waits is replaced. */
  say(text: string): void
  /** To be told of all that the workspace sends, before it goes on; says where in it `flush` is due. */
  pass(chunk: Uint8Array, length: number): number | undefined
  flush(): void
}

export function createInterjection(client: Writable): Interjection {
  const frames = createFrames()
  let waiting: Buffer | undefined
  const flush = () => {
    if (waiting !== undefined && client.writable) client.write(waiting)
    waiting = undefined
  }
  return {
    say(text) {
      waiting = textFrame(text)
      if (frames.between) flush()
    },
    pass(chunk, length) {
      const at = frames.pass(chunk, length)
      return waiting === undefined ? undefined : at
    },
    flush,
  }
}
