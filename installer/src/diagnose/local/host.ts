import { readFile, statfs } from 'node:fs/promises'
import { arch, cpus, freemem, release, totalmem, uptime, version } from 'node:os'
import path from 'node:path'
import { stringify } from 'yaml'
import { childTimes, runChild } from '../../child-process.ts'
import type { Collection } from '../collection.ts'
import type { Target } from '../target.ts'

/** What runs here, for `versions.yaml`. */
export async function hostVersions(): Promise<Record<string, string>> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return {
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? process.platform,
    kernel: `${release()} ${version()}`,
    architecture: arch(),
    node: process.version,
  }
}

/** The version of the helm that the installer took out of the bundle; undefined where there is none. */
export async function helmVersion({ stateDir }: Target, signal: AbortSignal): Promise<string | undefined> {
  const helm = path.join(stateDir, 'files', 'helm')
  const run = { args: ['version', '--short'], env: {}, time: childTimes.version, grace: 0, output: 4096, signal }
  const { stdout } = await runChild(helm, run).catch(() => ({ stdout: '' }))
  return stdout.toString().trim() || undefined
}

/** Takes room on disks, memory, and the variables that decide how others are reached. */
export async function collectHost({ spool, redactor }: Collection, target: Target, out: string): Promise<void> {
  const bundle = target.answers?.draft.bundle
  const places = { state: target.stateDir, out: path.dirname(out), temporary: '/tmp', root: '/' }
  const disks = await Promise.all(
    Object.entries({ ...places, ...(typeof bundle === 'string' ? { bundle: path.dirname(bundle) } : {}) }).map(room),
  )
  const memory = { total: totalmem(), free: freemem(), cpus: cpus().length, uptimeSeconds: Math.round(uptime()) }
  await spool.add(
    'local/host.yaml',
    redactor.text(
      stringify({
        disks,
        memory,
        clock: new Date().toISOString(),
        zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      }),
    ),
  )
  const variables = Object.entries(process.env).filter(([name]) =>
    /^(?:(?:https?|no|all)_proxy|kubeconfig|node_extra_ca_certs|ssl_cert_\w+|xdg_state_home|tmpdir|lang|lc_all|sealift_(?!key)\w+)$/i.test(
      name,
    ),
  )
  await spool.add('local/environment.yaml', redactor.text(stringify(Object.fromEntries(variables.sort()))))
}

async function room([what, directory]: [string, string]): Promise<object> {
  try {
    const { bavail, blocks, bsize, ffree } = await statfs(directory)
    return { what, directory, bytes: blocks * bsize, free: bavail * bsize, freeFiles: ffree }
  } catch (error) {
    return { what, directory, error: (error as Error).message }
  }
}
