import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { extensionsGallery } from './gallery.ts'
import { heedingNoProxy } from './heed-no-proxy.ts'
import { writeFirstSettings } from './settings.ts'

/** The editor's server, started when somebody first asks for it. */
export interface CodeServer {
  /** A connection to it; starts it where it does not run. Throws where it does not answer in time. */
  connect(): Promise<Socket>
  stop(): void
}

export interface CodeServerOptions {
  /** `entry.js` of code-server */
  entry: string
  /** where its socket gets a folder of its own; default: where temporary files are */
  runtime?: string
  home: string
  environment: Record<string, string>
  /** URL of an Open VSX server, from which extensions are; undefined: none */
  gallery: string | undefined
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** milliseconds */
  startMs?: number
}

const retryMs = 50
/** Longest wait for an answer on whether it is ready, in milliseconds. */
const readyMs = 5_000
/** One that ends at once is not started again sooner than this after its start, in milliseconds. */
const pauseMs = 3_000

/**
 * Runs code-server on a Unix socket without a login of its own: envproxy is the gate. No telemetry, no look for updates,
 * no proxy to other ports, whose pages would share the editor's origin. One that ended is started again when next asked for.
 *
 * Each start has a new folder that only this user can enter, so that nothing that other users of /tmp laid there, and
 * nothing that an earlier one left, is taken for it. Programs of the workspace run as the same user and can be the editor in
 * more ways than by its socket: they get its owner's pages, but no grant and no cookie of the platform comes this far.
 */
export function createCodeServer(options: CodeServerOptions): CodeServer {
  const { log, runtime = tmpdir(), startMs = 45_000 } = options
  let child: { process: ChildProcess; socket: string; ready: boolean } | undefined
  let stopped = false

  let lastStart = Number.NEGATIVE_INFINITY
  const start = async (): Promise<NonNullable<typeof child>> => {
    await sleep(Math.max(0, lastStart + pauseMs - performance.now()))
    lastStart = performance.now()
    const folder = await mkdtemp(join(runtime, 'cde-editor-'))
    const socket = join(folder, 'socket')
    await writeFirstSettings(options.home).catch((error: Error) =>
      log.warn({ error: error.message }, 'the editor starts without its first settings'),
    )
    const begun = performance.now()
    const made = spawn(
      process.execPath,
      [
        ...['--disable-sigusr1', ...heedingNoProxy()],
        ...[options.entry, '--socket', socket, '--socket-mode', '600', '--auth', 'none'],
        ...[...quiet, options.home],
      ],
      {
        cwd: options.home,
        // Its own configuration file would otherwise lie in the home volume and could turn the flags around.
        env: {
          ...options.environment,
          CODE_SERVER_CONFIG: '/dev/null',
          EXTENSIONS_GALLERY: extensionsGallery(options.gallery),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const say = (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n'))
        if (/\b(error|warn)\b/.test(line)) log.warn({ line: line.slice(0, 500) }, 'code-server')
    }
    made.stdout.on('data', say)
    made.stderr.on('data', say)
    made.once('error', (error) => log.warn({ error: error.message }, 'code-server can not be started'))
    made.once('exit', (code, by) => {
      if (child?.process === made) child = undefined
      rm(folder, { recursive: true, force: true }).catch(() => {})
      if (!stopped)
        log.warn({ code, signal: by, seconds: Math.round((performance.now() - begun) / 1000) }, 'code-server ended')
    })
    log.info({ pid: made.pid }, 'code-server starts')
    return { process: made, socket, ready: false }
  }

  let starting: ReturnType<typeof start> | undefined
  return {
    async connect() {
      const end = performance.now() + startMs
      while (!stopped && performance.now() < end) {
        if (!child) {
          starting ??= start().finally(() => {
            starting = undefined
          })
          child = await starting
        }
        const asked = child
        try {
          if (!asked.ready) await assertReady(asked.socket)
          asked.ready = true
          return await open(asked.socket)
        } catch {
          await sleep(retryMs)
        }
      }
      throw new Error('code-server does not answer')
    },
    stop() {
      stopped = true
      child?.process.kill('SIGTERM')
    },
  }
}

const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-proxy', '--disable-getting-started-override']

/** code-server listens before it has its routes, and answers 404 to all until then. Throws where it has none yet. */
async function assertReady(socketPath: string): Promise<void> {
  const asked = get({ socketPath, path: '/healthz', agent: false, signal: AbortSignal.timeout(readyMs) })
  const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage]
  asked.on('error', () => {}).destroy()
  if (statusCode !== 200) throw new Error(`code-server answers ${statusCode}`)
}

async function open(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}
