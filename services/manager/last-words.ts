import { writeFileSync } from 'node:fs'
import type { SchemaRefusal } from './schema-refusal.ts'

/** What Kubernetes keeps of a container's last words, in bytes (pod-lifecycle, "Customizing the termination message"). */
const longest = 4096

/**
 * Leaves why this process ends where Kubernetes shows it: `kubectl describe pod`, and the installer. `path` is the
 * container's terminationMessagePath, which is there before the process is; elsewhere nothing is written.
 */
export function leaveLastWords(path: string | undefined, { code, message, why, fix }: SchemaRefusal): void {
  if (path === undefined) return
  const words = `${code}: ${message}\nwhy: ${why}\ntry: ${fix}\n`
  try {
    writeFileSync(path, Buffer.from(words).subarray(0, longest), { flag: 'r+' })
  } catch {
    // the log has them too
  }
}
