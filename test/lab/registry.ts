import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { type Credential, createAuthority, issueCertificate } from './certificates.ts'
import { run } from './command.ts'
import { ensurePackages } from './packages.ts'
import { isRunning, type ProcessRecord, startOf, stopProcesses } from './process.ts'

export type RegistryOptions = {
  /** Debian's docker-registry (distribution 2.8) by default; another build of distribution */
  program?: string
  /** everything that the registry keeps: storage/, its configuration, certificates and log */
  directory: string
  /** where its content is instead; several registries may have the same */
  storage?: string
  /** address to listen on; 127.0.0.1 by default */
  address?: string
  /** a free one by default */
  port?: number
  tls: boolean
  /** who certifies the server; without it the registry gets an authority of its own, `<directory>/ca.crt` */
  authority?: Credential
  /** DNS names in the certificate beside the address */
  names?: readonly string[]
  /** HTTP basic authentication for everything */
  auth?: { username: string; password: string }
  /** whether it outlives the process that started it; by default it ends with it, even by kill -9 */
  detached?: boolean
}

export type Registry = {
  /** `address:port`, as in an image reference */
  host: string
  port: number
  /** with TLS: the authority to trust */
  caFile?: string
  username?: string
  password?: string
  logFile: string
  process: ProcessRecord
  stop: () => Promise<void>
}

const startLimit = 20_000

/** Starts a registry and waits until it listens. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  await ensurePackages('registry')
  const { directory, address = '127.0.0.1', port = 0, auth } = options
  const storage = options.storage ?? join(directory, 'storage')
  for (const path of [directory, storage]) await mkdir(path, { recursive: true })
  const authority = options.tls ? (options.authority ?? (await ownAuthority(directory))) : undefined
  const http: Record<string, unknown> = { addr: `${address}:${port}`, secret: randomBytes(16).toString('hex') }
  if (authority !== undefined) {
    const request = { commonName: address, ip: [address], dns: ['localhost', ...(options.names ?? [])] }
    const server = await issueCertificate(authority, directory, 'server', { ...request, usage: ['serverAuth'] })
    http.tls = { certificate: server.certificateFile, key: server.keyFile }
  }
  const config: Record<string, unknown> = {
    version: '0.1',
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http,
  }
  if (auth !== undefined) {
    const file = join(directory, 'htpasswd')
    await writeFile(file, await run('htpasswd', ['-inB', auth.username], { input: auth.password }), { mode: 0o600 })
    config.auth = { htpasswd: { realm: 'registry', path: file } }
  }
  const configFile = join(directory, 'config.json')
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 })
  const logFile = join(directory, 'registry.log')
  const program = options.program ?? 'docker-registry'
  const record = await startServer(program, configFile, logFile, options.detached ?? false)
  const listening = await listeningPort(record, logFile)
  return {
    host: `${address}:${listening}`,
    port: listening,
    ...(authority === undefined ? {} : { caFile: authority.certificateFile }),
    ...auth,
    logFile,
    process: record,
    stop: async () => {
      await stopProcesses([record], 5000)
    },
  }
}

/** A registry that starts again in the same directory keeps its authority, so that who trusted it still does. */
async function ownAuthority(directory: string): Promise<Credential> {
  const known = { certificateFile: join(directory, 'ca.crt'), keyFile: join(directory, 'ca.key') }
  return existsSync(known.certificateFile) ? known : await createAuthority(directory, 'ca', 'registry authority')
}

async function startServer(
  registry: string,
  configFile: string,
  logFile: string,
  detached: boolean,
): Promise<ProcessRecord> {
  const serve = [registry, 'serve', configFile]
  const [program = '', ...args] = detached ? serve : ['setpriv', '--pdeathsig', 'TERM', ...serve]
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(program, args, {
    detached,
    stdio: ['ignore', log, log],
    // distribution reads REGISTRY_… variables over its configuration: give it none
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  })
  closeSync(log)
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  child.unref()
  const pid = child.pid ?? 0
  return { name: 'docker-registry', pid, started: startOf(pid) ?? 'ended at once' }
}

/** The port that the kernel chose, from the registry's log. */
async function listeningPort(record: ProcessRecord, logFile: string): Promise<number> {
  const limit = performance.now() + startLimit
  for (;;) {
    const log = readFileSync(logFile, 'utf8')
    const port = /"listening on [^"]*:(\d+)(?:, tls)?"/.exec(log)?.[1]
    if (port !== undefined) return Number(port)
    if (!isRunning(record) || performance.now() > limit) {
      await stopProcesses([record], 0)
      throw new SealiftError('CLUSTER_LAB_REGISTRY', 'docker-registry does not listen', {
        why: log.trim().slice(-1000),
        fix: `read ${logFile}`,
      })
    }
    await sleep(30)
  }
}
