import { readFileSync } from 'node:fs'
import { run } from './command.ts'

/** Mount points at or below a directory, the deepest and latest first (proc(5), /proc/pid/mountinfo field 5). */
export function mountsBelow(directory: string, mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => path === directory || path.startsWith(`${directory}/`))
    .reverse()
}

/** Unmounts everything at or below a directory; what is busy is detached and goes when its last user has. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const path of mountsBelow(directory)) await run('umount', [path]).catch(() => run('umount', ['--lazy', path]))
}
