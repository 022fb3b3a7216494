import { constants, type Stats, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Makes a caller's own failure of the reason why a file that somebody names is not taken. */
export type Refuse = (why: string, cause?: unknown) => Error

/**
 * How such a file is opened: a FIFO would wait for a writer for ever, and a terminal must not become the one that ends this
 * process.
 */
export const withoutWaiting = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Opens a regular file for reading, and nothing that only looks like one: not even to see what it is, as some devices do
 * something when they are opened.
 * @returns it, and the bytes that it has
 * @throws what `refuse` makes
 */
export async function openRegular(file: string, refuse: Refuse): Promise<{ handle: FileHandle; size: number }> {
  checkRegular(statOf(file, refuse), refuse)
  const handle = await open(file, withoutWaiting).catch((cause) => {
    throw refuse(whyUnreadable(cause), cause)
  })
  try {
    const info = await handle.stat()
    checkRegular(info, refuse)
    return { handle, size: info.size }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The bytes of a range, in pieces. The file is closed after the last one, or when no more are wanted. */
export async function* readRange(
  handle: FileHandle,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array, void> {
  try {
    if (end > start) yield* handle.createReadStream({ start, end: end - 1, highWaterMark: 1 << 20, autoClose: false })
  } finally {
    await handle.close()
  }
}

/** What a file is. @throws what `refuse` makes, where it is not there or may not be seen */
export function statOf(file: string, refuse: Refuse): Stats {
  try {
    return statSync(file)
  } catch (cause) {
    throw refuse(whyUnreadable(cause), cause)
  }
}

/** @throws what `refuse` makes of anything that is no regular file */
export function checkRegular(info: Stats, refuse: Refuse): void {
  if (!info.isFile()) throw refuse(`it is ${kindOf(info)}, not a regular file`)
}

/** What something is that is no regular file, with its article. */
export function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a directory'
  if (info.isFIFO()) return 'a pipe'
  if (info.isSocket()) return 'a socket'
  return info.isFile() ? 'a file' : 'a device'
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'its path leads through something that is no directory',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ERR_INVALID_ARG_VALUE: 'its name holds a NUL byte',
}

/** Why the system does not open or read a file, in words. */
export function whyUnreadable(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  return reasons[code ?? ''] ?? code ?? message
}

/** Whether a failure says that there is no such file. */
export const isMissing = (error: unknown): boolean =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
