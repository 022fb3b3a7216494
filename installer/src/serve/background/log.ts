import { copyFileSync, fstatSync, ftruncateSync, writeSync } from 'node:fs'

/** bytes of a log, after which it begins anew; the one before stays beside it as FILE.1 */
const most = 16 << 20

/**
 * Writes lines to the log that is open as `handle`, for years without filling the disk. It is emptied in place, as
 * logrotate's copytruncate does, since the process has it as its stderr, too. A disk that is full costs lines and no more.
 */
export function boundedLog(handle: number, file: string, limit = most): { write(line: string): void } {
  let bytes = fstatSync(handle).size
  return {
    write(line) {
      try {
        bytes += writeSync(handle, line)
        if (bytes < limit) return
        copyFileSync(file, `${file}.1`)
        ftruncateSync(handle)
        bytes = 0
      } catch {}
    },
  }
}
