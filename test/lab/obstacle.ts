import { existsSync } from 'node:fs'
import { run } from './command.ts'

/** Why the lab can't run on this machine, or undefined. Looks only: installs and builds nothing. */
export async function obstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'the lab needs Linux'
  if (process.getuid?.() !== 0) return 'the lab makes network namespaces and mounts and needs root'
  if (!existsSync('/etc/debian_version')) return 'the lab installs Debian packages and needs Debian'
  const go = await run('go', ['version']).catch(() => undefined)
  if (go === undefined) return 'the lab builds Kubernetes from source and needs Go 1.24 or later'
  return undefined
}
