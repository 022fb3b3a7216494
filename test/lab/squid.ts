import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../fixtures/free-port.ts'
import { type Credential, createAuthority } from './certificates.ts'
import { run } from './command.ts'
import { ensurePackages } from './packages.ts'
import { squidWithOpenssl } from './squid-openssl.ts'

export interface SquidOptions {
  /** everything that squid keeps: configuration, logs, certificates */
  directory: string
  /** address to listen on; 127.0.0.1 by default */
  address?: string
  /** a free one of 127.0.0.1 by default */
  port?: number
  /** lines of squid.conf that say what it lets through; everything by default */
  acl?: string
  /** names that it alone knows, with their addresses, by default 127.0.0.1: what is reached by one went through it */
  hosts?: readonly string[] | Readonly<Record<string, string>>
  /** a login that it wants of everybody */
  login?: { user: string; password: string }
  /** opens TLS with an authority of its own; with its `servers` CA (PEM file) it looks at those behind */
  intercept?: { servers: string }
}

export interface Squid {
  url: string
  port: number
  /** where it intercepts: its authority */
  caFile?: string
  /** its access log so far; it writes late, and a tunnel when that ends */
  log(): Promise<SquidRequest[]>
  /** waits, a while at most, until the log has a request like that */
  logs(pattern: RegExp, milliseconds?: number): Promise<boolean>
  stop(): Promise<void>
}

/** One request as squid logged it: `status` is its own word and the code of HTTP (TCP_DENIED/403). */
export interface SquidRequest {
  method: string
  /** as it was asked for: host:port of CONNECT, else the URL */
  target: string
  host: string
  port: number
  status: string
  denied: boolean
}

/** Starts Debian's squid as a forward proxy of its own, and waits until it listens. */
export async function startSquid(options: SquidOptions): Promise<Squid> {
  await ensurePackages('proxy')
  const { directory, address = '127.0.0.1', hosts = [] } = options
  const at = (name: string) => join(directory, name)
  await mkdir(directory, { recursive: true })
  // it gives up root, so its files must be open to others
  await chmod(directory, 0o777)
  const port = options.port ?? (await freePort())
  const known = Array.isArray(hosts) ? hosts.map((name) => [name, '127.0.0.1']) : Object.entries(hosts)
  await writeFile(at('hosts'), known.map(([name, at]) => `${at} ${name}\n`).join(''))
  const { program, authority, lines } = await openingTls(options)
  await writeFile(
    at('squid.conf'),
    [
      `http_port ${address}:${port}${lines.port}`,
      ...lines.more,
      `hosts_file ${at('hosts')}`,
      ...(await loginLines(options)),
      options.acl ?? 'http_access allow all',
      'cache deny all',
      'cache_mem 8 MB',
      'logformat sealift %rm %ru %Ss/%03>Hs',
      `access_log stdio:${at('access.log')} sealift`,
      'strip_query_terms on',
      `cache_log ${at('cache.log')}`,
      `pid_filename ${at('squid.pid')}`,
      `coredump_dir ${directory}`,
      'shutdown_lifetime 0 seconds',
      'pinger_enable off',
      'logfile_rotate 0',
      '',
    ].join('\n'),
  )
  const child = spawn(program, ['-N', '-f', at('squid.conf')], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  for (let tries = 0; !(await answers(address, port)); tries++) {
    if (tries > 200 || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error(`squid does not listen: ${await readFile(at('cache.log'), 'utf8').catch(String)}`)
    }
    await sleep(50)
  }
  const text = () => readFile(at('access.log'), 'utf8').catch(() => '')
  return {
    url: `http://${address}:${port}`,
    port,
    ...(authority ? { caFile: authority.certificateFile } : {}),
    log: async () => (await text()).split('\n').flatMap(readRequest),
    async logs(pattern, milliseconds = 10_000) {
      const end = performance.now() + milliseconds
      for (;;) {
        if (pattern.test(await text())) return true
        if (performance.now() > end) return false
        await sleep(50)
      }
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Which squid, and its lines of squid.conf, where it opens TLS. */
async function openingTls({ directory, intercept }: SquidOptions): Promise<{
  program: string
  authority?: Credential
  lines: { port: string; more: readonly string[] }
}> {
  if (!intercept) return { program: 'squid', lines: { port: '', more: [] } }
  const { program, certgen } = await squidWithOpenssl()
  // it runs without root, which the cache belongs to
  const helper = join(directory, 'certgen')
  await copyFile(certgen, helper)
  await chmod(helper, 0o755)
  const authority = await createAuthority(directory, 'interception', 'Interception of Example Site')
  await chmod(authority.keyFile, 0o644)
  const made = join(directory, 'certificates')
  await run(helper, ['-c', '-s', made, '-M', '4MB'])
  await run('chmod', ['-R', 'a+rwX', made])
  const key = `tls-cert=${authority.certificateFile} tls-key=${authority.keyFile}`
  return {
    program,
    authority,
    lines: {
      port: ` ssl-bump ${key} generate-host-certificates=on dynamic_cert_mem_cache_size=4MB`,
      more: [
        `sslcrtd_program ${helper} -s ${made} -M 4MB`,
        'sslcrtd_children 1',
        `tls_outgoing_options cafile=${intercept.servers}`,
        'acl first at_step SslBump1',
        'ssl_bump peek first',
        'ssl_bump bump all',
      ],
    },
  }
}

async function loginLines({ directory, login }: SquidOptions): Promise<string[]> {
  if (!login) return []
  const file = join(directory, 'logins')
  const hash = await run('openssl', ['passwd', '-apr1', '-stdin'], { input: `${login.password}\n` })
  await writeFile(file, `${login.user}:${hash.trim()}\n`)
  await chmod(file, 0o644)
  return [
    `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${file}`,
    'auth_param basic children 1',
    'auth_param basic realm the proxy of the site',
    'acl known proxy_auth REQUIRED',
    'http_access deny !known',
  ]
}

function readRequest(line: string): SquidRequest[] {
  const [method, target, status] = line.split(' ')
  // who connects and says nothing is logged as an error of squid's own
  if (method === undefined || target === undefined || status === undefined || target.startsWith('error:')) return []
  const url = URL.canParse(target) && target.includes('://') ? new URL(target) : undefined
  const host = url ? url.hostname : target.replace(/:\d+$/, '')
  const port = url ? Number(url.port || (url.protocol === 'https:' ? 443 : 80)) : Number(/\d+$/.exec(target)?.[0])
  return [{ method, target, host: host.replace(/^\[|\]$/g, ''), port, status, denied: status.includes('DENIED') }]
}

async function answers(address: string, port: number): Promise<boolean> {
  const socket = connect(port, address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
