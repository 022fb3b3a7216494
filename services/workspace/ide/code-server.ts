import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
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
  /** Unix socket on which it shall listen */
  socket: string
  home: string
  environment: Record<string, string>
  /** JSON that describes a marketplace, as code-server takes it; undefined: none */
  gallery: string | undefined
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** milliseconds */
  startMs?: number
}

const retryMs = 50
/** One that ends at once is not started again sooner than this after its start, in milliseconds. */
const pauseMs = 3_000

/**
 * Runs code-server on a Unix socket without a login of its own: envproxy is the gate. No telemetry, no look for updates,
 * no proxy to other ports, whose pages would share the site's origin. One that ended is started again when next asked for.
 */
export function createCodeServer(options: CodeServerOptions): CodeServer {
  const { socket, log, startMs = 45_000 } = options
  let child: ChildProcess | undefined
  let stopped = false

  let lastStart = Number.NEGATIVE_INFINITY
  const start = async (): Promise<ChildProcess> => {
    await sleep(Math.max(0, lastStart + pauseMs - performance.now()))
    lastStart = performance.now()
    await rm(socket, { force: true })
    await writeFirstSettings(options.home).catch((error: Error) =>
      log.warn({ error: error.message }, 'the editor starts without its first settings'),
    )
    const begun = performance.now()
    const made = spawn(
      process.execPath,
      [
        ...['--disable-sigusr1', options.entry, '--socket', socket, '--socket-mode', '600', '--auth', 'none'],
        ...[...quiet, options.home],
      ],
      {
        cwd: options.home,
        // Its own configuration file would otherwise lie in the home volume and could turn the flags around.
        env: {
          ...options.environment,
          CODE_SERVER_CONFIG: '/dev/null',
          EXTENSIONS_GALLERY: options.gallery ?? noGallery,
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
      if (child === made) child = undefined
      if (!stopped)
        log.warn({ code, signal: by, seconds: Math.round((performance.now() - begun) / 1000) }, 'code-server ended')
    })
    log.info({ pid: made.pid }, 'code-server starts')
    return made
  }

  let starting: Promise<ChildProcess> | undefined
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
        try {
          return await open(socket)
        } catch {
          await sleep(retryMs)
        }
      }
      throw new Error('code-server does not answer')
    },
    stop() {
      stopped = true
      child?.kill('SIGTERM')
    },
  }
}

const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-proxy', '--disable-getting-started-override']

/** Without this the editor would look for a public marketplace. */
const noGallery = '{"serviceUrl":""}'

async function open(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}
