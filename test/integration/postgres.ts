import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initializeDatabase, ownByDatabase, startDatabase, stopDatabase } from '../../services/dev/postgres-program.ts'
import { freePort } from '../fixtures/free-port.ts'

/** A real PostgreSQL on loopback, of its own, for one test file. */
export type Postgres = {
  host: string
  port: number
  user: string
  password: string
  /** Stops it (fast shutdown: sessions are cut) and starts it again on the same port and data. */
  restart(): Promise<void>
  /** Cuts it off without starting it again. */
  pause(): Promise<void>
  /** Starts it after `pause`. */
  resume(): Promise<void>
  /** Stops it and deletes its data. */
  stop(): Promise<void>
}

/** Server certificate and key (PEM) for TLS. */
export type PostgresTls = { certificate: string; key: string }

/** Starts a PostgreSQL with an empty data directory; takes about a second. With `tls` it refuses plain connections. */
export async function startPostgres(options: { tls?: PostgresTls } = {}): Promise<Postgres> {
  const home = await mkdtemp(join(tmpdir(), 'sealift-postgres-'))
  const data = join(home, 'data')
  const password = randomBytes(12).toString('base64url')
  const passwordFile = join(home, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  await mkdir(data, { mode: 0o700 })
  for (const path of [home, data, passwordFile]) await ownByDatabase(path)
  await initializeDatabase(data, passwordFile)
  if (options.tls !== undefined) {
    for (const [name, text] of [
      ['server.crt', options.tls.certificate],
      ['server.key', options.tls.key],
    ] as const) {
      await writeFile(join(data, name), text, { mode: 0o600 })
      await ownByDatabase(join(data, name))
    }
    await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
  }
  const port = await freePort()
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    const settings = ['max_connections=60', ...(options.tls === undefined ? [] : ['ssl=on'])]
    server = await startDatabase(data, port, { settings })
  }

  async function pause(): Promise<void> {
    const child = server
    server = undefined
    if (child !== undefined) await stopDatabase(child)
  }

  await start()
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    pause,
    resume: start,
    async restart() {
      await pause()
      await start()
    },
    async stop() {
      await pause()
      await rm(home, { recursive: true, force: true })
    },
  }
}
