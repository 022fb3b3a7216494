import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type ChildEnd, childTimes, runChild } from '../child-process.ts'
import { shellWord } from '../shell-word.ts'

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
  /** milliseconds that it may take; default: what a question may */
  time?: number
  /** bytes that it may write; default 64 MiB */
  output?: number
  /** bytes of memory that it may take; default: as much as there is */
  memory?: number
  /** ends it in order: helm takes back what it was doing */
  signal: AbortSignal
  /** ends it at once: what it was doing stays as it is */
  kill?: AbortSignal | undefined
  /** called with each line that it says on standard error */
  onLine?: ((line: string) => void) | undefined
  /** called with the process id once it runs */
  onStart?: ((pid: number) => void) | undefined
  /** milliseconds from the signal, or from the end of its time, to the kill: helm rolls back in it */
  grace?: number
}

export interface HelmResult {
  status: number | null
  stdout: string
  /** the last lines of standard error */
  stderr: string
  /** the limit of memory or output that it was killed at */
  beyond?: 'output' | 'memory'
}

const outputLimit = 64 * 1024 * 1024

/**
 * Runs helm to its end. An abort sends SIGTERM, on which helm rolls back what it was doing, and SIGKILL after `grace`; so does
 * the end of its time. Nothing that it started stays.
 * @throws SealiftError CLUSTER_HELM_MISSING where the executable does not start, CLUSTER_HELM_TIME; the reason of either
 * signal
 */
export async function runHelm(helm: HelmBinary, run: HelmRun): Promise<HelmResult> {
  run.signal.throwIfAborted()
  run.kill?.throwIfAborted()
  mkdirSync(helm.home, { recursive: true, mode: 0o700 })
  const { time = childTimes.ask, grace = 5000, output = outputLimit, memory } = run
  // a collector that knows the limit keeps well below it
  const collector = memory === undefined ? {} : { GOMEMLIMIT: `${Math.floor(memory / 2)}` }
  const env = { ...helmEnvironment(helm.home), ...collector }
  let end: ChildEnd
  try {
    end = await runChild(helm.path, { ...run, env, time, grace, output })
  } catch (cause) {
    throw new SealiftError('CLUSTER_HELM_MISSING', `helm does not run: ${helm.path}`, {
      why: (cause as Error).message,
      fix: `see whether it runs by itself: ${shellWord(helm.path)} version`,
      cause,
    })
  }
  run.kill?.throwIfAborted()
  run.signal.throwIfAborted()
  const { status, stdout, stderr, beyond } = end
  if (beyond === 'time') {
    const said = stderr.split('\n').at(-1)
    throw new SealiftError('CLUSTER_HELM_TIME', `helm ${run.args[0]} did not end within ${time / 1000} s`, {
      why: `it was stopped${said ? `; the last that it said: ${said.slice(0, 300)}` : ', and had said nothing'}`,
      fix: 'see whether this machine is busy and the cluster answers (kubectl get --raw /readyz); then run the same command again',
    })
  }
  return { status, stdout: stdout.toString(), stderr, ...(beyond && { beyond }) }
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
