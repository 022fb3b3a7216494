import { closeSync, openSync } from 'node:fs'
import path from 'node:path'

/** Name of the socket in the directory of a session. */
export const socketName = 'session.sock'

/** Answered with nothing, for as long as the session is there. */
export const lifePath = '/api/life'

/** bytes that the path of a Unix socket may have (unix(7): 108 with the zero at its end) */
const longest = 107

/**
 * The path of a session's socket as the kernel takes it: a long one by way of the open directory. `close` ends that way.
 * @throws whatever opening the directory throws
 */
export function socketPath(directory: string): { path: string; close(): void } {
  const plain = path.join(directory, socketName)
  if (Buffer.byteLength(plain) <= longest || process.platform !== 'linux') return { path: plain, close() {} }
  const handle = openSync(directory, 'r')
  return { path: `/proc/self/fd/${handle}/${socketName}`, close: () => closeSync(handle) }
}
