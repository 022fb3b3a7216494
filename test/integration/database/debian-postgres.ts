import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A PostgreSQL of Debian with all of its programs, which trusts whoever comes over its socket. */
export interface DebianPostgres {
  /** of its programs */
  bin: string
  /** of the server: 15 */
  major: number
  /** variables with which the programs find it */
  env: Record<string, string>
  /** Runs statements as the role of the platform; what they print. */
  sql(text: string): Promise<string>
  /** Ends it as an outage does, and starts it again. */
  restart(): Promise<void>
  /** Stops it and removes its data. */
  stop(): Promise<void>
}

const run = promisify(execFile)
// PostgreSQL refuses to run as root: `nobody` does then
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
const root = '/usr/lib/postgresql'

/**
 * Starts one with an empty database `cde` that belongs to role `cde`, as the platform's image makes it. At an address it takes
 * whoever has the password.
 */
export async function startDebianPostgres(at?: {
  address: string
  port: number
  password: string
}): Promise<DebianPostgres> {
  const major = Math.max(...(await readdir(root)).map(Number).filter(Number.isFinite))
  const bin = `${root}/${major}/bin`
  const home = await mkdtemp(join(tmpdir(), 'sealift-debian-postgres-'))
  if (account.uid !== undefined) await chown(home, account.uid, account.gid)
  const data = join(home, 'data')
  const made = ['--pgdata', data, '--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C']
  await run(join(bin, 'initdb'), made, { ...account, cwd: '/' })
  if (at) await appendFile(join(data, 'pg_hba.conf'), 'host all all all scram-sha-256\n')
  const listens = at ? [`listen_addresses=${at.address}`, `port=${at.port}`] : ['listen_addresses=']
  const settings = [...listens, `unix_socket_directories=${home}`, 'fsync=off']
  const start = async () => {
    const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], {
      ...{ ...account, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
    })
    const ended = once(child, 'exit')
    const end = () => void child.kill('SIGQUIT')
    process.once('exit', end)
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-10_000)
        if (said.includes('ready to accept connections')) resolve()
      })
      ended.then(() => reject(new Error(`postgres ended: ${said}`)), reject)
    })
    return async (signal: 'SIGINT' | 'SIGQUIT') => {
      process.off('exit', end)
      child.kill(signal)
      await ended
    }
  }
  let stop = await start()
  const env = { PATH: `${bin}:${process.env.PATH}`, PGHOST: home, ...(at && { PGPORT: String(at.port) }) }
  const psql = async (user: string, database: string, text: string) => {
    const words = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1']
    const child = run('psql', [...words, `--username=${user}`, `--dbname=${database}`], {
      ...{ env: { ...process.env, ...env }, maxBuffer: 1 << 26 },
    })
    child.child.stdin?.end(text)
    return (await child).stdout.trim()
  }
  await psql(
    'postgres',
    'postgres',
    `CREATE ROLE cde LOGIN${at ? ` PASSWORD '${at.password}'` : ''}; CREATE DATABASE cde OWNER cde`,
  )
  return {
    bin,
    major,
    env,
    sql: (text) => psql('cde', 'cde', text),
    async restart() {
      await stop('SIGQUIT')
      stop = await start()
    },
    async stop() {
      await stop('SIGINT')
      await rm(home, { recursive: true, force: true })
    },
  }
}
