import { channel } from 'node:diagnostics_channel'

/** What a host is waited for, in words for people. */
export interface Waiting {
  /** `host[:port]` */
  host: string
  text: string
}

/**
 * Where it is said that a host lets us wait. A channel of the process, because the word comes from deep within a store and
 * passes any number of stores that wrap it; whoever shows progress listens.
 */
export const waiting = channel('sealift.waiting')

/** Says it. */
export const publishWaiting = (message: Waiting): void => waiting.publish(message)
