import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fchmodSync, mkdirSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { unusableState } from '../../stores/state-lock.ts'
import { type ServeFlags, serveWords } from '../flags.ts'
import { ownProgram } from '../own-program.ts'
import { logIn, type Running } from './place.ts'
import { mark, type Said } from './said.ts'

export interface BackgroundOptions {
  bundles: readonly string[]
  /** without `--state` */
  flags: ServeFlags
  /** directory of CA, certificate and log */
  state: string
  /** ends the start; who serves already goes on */
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

export interface Started extends Running {
  /** whether it served before */
  already: boolean
}

/** What of the environment it is given: it outlives this process, and what else there is may be secret. */
const environment = ['HOME', 'LANG', 'LD_LIBRARY_PATH', 'LOG_LEVEL', 'PATH', 'SEALIFT_CACHE', 'TMPDIR', 'TZ']

/**
 * Starts `sealift serve` as a process of its own, which serves on when this one has ended, in whatever way, and waits until
 * it answers. Where the same is served already from the state directory, that one stays and is returned.
 * @throws SealiftError what `serve` fails with; USAGE_LOCKED where another one serves from the state directory;
 * STORAGE_STATE; INTERNAL_SERVE where it ends without a word
 */
export async function startInBackground(options: BackgroundOptions): Promise<Started> {
  const { bundles, flags, signal, onProgress } = options
  const state = resolve(options.state)
  signal?.throwIfAborted()
  const words = ['serve', ...serveWords(bundles, [...flags, ['--state', state]])]
  const [program, ...before] = ownProgram()
  const log = openLog(state)
  const child = spawn(program, [...before, ...words], {
    // holds up no medium that is to be taken out
    cwd: '/',
    // a session of its own: neither a terminal nor a signal to this process's group ends it
    detached: true,
    env: { ...Object.fromEntries(environment.map((name) => [name, process.env[name]])), [mark]: '1' },
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const started = Promise.withResolvers<Started>()
  child.on('message', (said: Said) => {
    if (said.type === 'progress') onProgress?.(said.done, said.total)
    else if (said.type === 'serves') started.resolve({ ...said.running, already: said.already })
    else started.reject(new SealiftError(said.code, said.message, { why: said.why, fix: said.fix }))
  })
  child.once('error', (cause) => started.reject(endedSilently(state, cause.message, cause)))
  child.once('exit', async (code, name) => {
    // what it said last is heard first
    if (child.connected) await once(child, 'disconnect')
    if (signal?.aborted) started.reject(signal.reason)
    else started.reject(endedSilently(state, name === null ? `its exit code is ${code}` : `${name} ended it`))
  })
  const stop = () => child.kill()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await started.promise
  } finally {
    signal?.removeEventListener('abort', stop)
    child.unref()
  }
}

/** The log, for its owner alone; what is in it stays. */
function openLog(state: string): number {
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    const log = openSync(logIn(state), 'a', 0o600)
    fchmodSync(log, 0o600)
    return log
  } catch (cause) {
    throw unusableState(state, cause)
  }
}

const endedSilently = (state: string, why: string, cause?: unknown): SealiftError =>
  new SealiftError('INTERNAL_SERVE', 'sealift serve has ended before it answered', {
    why,
    fix: `see its log: tail ${logIn(state)}`,
    cause,
  })
