import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

/** A helm executable with a home of its own, so that nothing the user configured for Helm changes what it does. */
export interface HelmBinary {
  /** path of the executable */
  path: string
  /** directory for its cache, configuration and plugins */
  home: string
}

export interface HelmRun {
  args: readonly string[]
  /** what it reads from standard input: values never go through arguments, which every process of the machine can read */
  stdin?: string
  /** ends it in order: helm takes back what it was doing */
  signal: AbortSignal
  /** ends it at once: what it was doing stays as it is */
  kill?: AbortSignal | undefined
  /** called with each line that it says on standard error */
  onLine?: ((line: string) => void) | undefined
  /** called with the process id once it runs */
  onStart?: ((pid: number) => void) | undefined
  /** milliseconds from the signal to the kill: helm rolls back in it */
  grace?: number
}

export interface HelmResult {
  status: number | null
  stdout: string
  /** the last lines of standard error */
  stderr: string
}

const outputLimit = 64 * 1024 * 1024

/**
 * Runs helm to its end. An abort sends SIGTERM, on which helm rolls back what it was doing, and SIGKILL after `grace`.
 * @throws SealiftError CLUSTER_HELM_MISSING where the executable does not start; the reason of either signal
 */
export async function runHelm(helm: HelmBinary, run: HelmRun): Promise<HelmResult> {
  run.signal.throwIfAborted()
  run.kill?.throwIfAborted()
  mkdirSync(helm.home, { recursive: true, mode: 0o700 })
  const child = spawn(helm.path, run.args, { env: helmEnvironment(helm.home), stdio: ['pipe', 'pipe', 'pipe'] })
  let killTimer: NodeJS.Timeout | undefined
  const stop = () => {
    child.kill('SIGTERM')
    killTimer = setTimeout(() => child.kill('SIGKILL'), run.grace ?? 5000)
  }
  const kill = () => child.kill('SIGKILL')
  run.signal.addEventListener('abort', stop, { once: true })
  run.kill?.addEventListener('abort', kill, { once: true })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code))
  })
  // helm may end before it has read its input
  child.stdin.on('error', () => {})
  child.stdin.end(run.stdin ?? '')

  const chunks: Buffer[] = []
  let size = 0
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= outputLimit) chunks.push(chunk)
    else child.kill('SIGKILL')
  })
  const tail: string[] = []
  const lines = createInterface({ input: child.stderr })
  lines.on('line', (line) => {
    tail.push(line.slice(0, 4000))
    if (tail.length > 40) tail.shift()
    run.onLine?.(line.slice(0, 4000))
  })
  try {
    if (child.pid !== undefined) run.onStart?.(child.pid)
    const status = await ended
    run.kill?.throwIfAborted()
    run.signal.throwIfAborted()
    if (size > outputLimit)
      throw new SealiftError('CLUSTER_HELM', `helm ${run.args[0]} wrote more than ${outputLimit} bytes`)
    return { status, stdout: Buffer.concat(chunks).toString(), stderr: tail.join('\n') }
  } catch (cause) {
    if (cause instanceof SealiftError || run.signal.aborted || run.kill?.aborted) throw cause
    throw new SealiftError('CLUSTER_HELM_MISSING', `helm does not run: ${helm.path}`, {
      why: (cause as Error).message,
      fix: 'delete that file and run the same command again: it is taken out of the bundle anew',
      cause,
    })
  } finally {
    clearTimeout(killTimer)
    run.signal.removeEventListener('abort', stop)
    run.kill?.removeEventListener('abort', kill)
    lines.close()
  }
}

/** The user's environment (kubeconfig plugins need it) without the user's HELM_ settings. */
export function helmEnvironment(home: string, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(base).filter(([name]) => !name.startsWith('HELM_'))
  return {
    ...Object.fromEntries(kept),
    HELM_CACHE_HOME: path.join(home, 'cache'),
    HELM_CONFIG_HOME: path.join(home, 'config'),
    HELM_DATA_HOME: path.join(home, 'data'),
    HELM_PLUGINS: path.join(home, 'plugins'),
  }
}
