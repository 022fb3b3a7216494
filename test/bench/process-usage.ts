import { readFileSync } from 'node:fs'

/** Clock ticks of /proc in a second: USER_HZ is 100 on every architecture that Node runs on. */
const ticks = 100

/** CPU seconds (user and system, all threads) that a running process has used: proc(5), /proc/pid/stat fields 14, 15. */
export const cpuSecondsOf = (pid: number): number => parseCpu(readFileSync(`/proc/${pid}/stat`, 'latin1'))

/** Resident set of a running process in bytes: proc(5), VmRSS. */
export const memoryOf = (pid: number): number => parseKilobytes(readFileSync(`/proc/${pid}/status`, 'latin1'), 'VmRSS')

/** Peak resident set of a running process in bytes: proc(5), VmHWM. */
export const peakMemoryOf = (pid: number): number => parsePeak(readFileSync(`/proc/${pid}/status`, 'latin1'))

/** CPU seconds of a running process and of all its children that have ended: fields 14 to 17. */
export const cpuSecondsWithEnded = (pid: number): number => parseCpu(readFileSync(`/proc/${pid}/stat`, 'latin1'), 4)

export function parseCpu(stat: string, fieldsFrom14 = 2): number {
  // the name in field 2 may hold spaces and brackets
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 11 + fieldsFrom14).reduce((sum, field) => sum + Number(field), 0) / ticks
}

export const parsePeak = (status: string): number => parseKilobytes(status, 'VmHWM')

function parseKilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024
}
