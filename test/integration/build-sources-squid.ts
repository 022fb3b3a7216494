import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { freePort } from '../fixtures/free-port.ts'
import { ensurePackages } from '../lab/packages.ts'

/**
 * Starts Debian's squid as a forward proxy of the test's own. `hosts` are names that it alone knows, all of them for
 * 127.0.0.1: what is reached by one of them went through it. `access` are its access rules. `logs` waits, a while at most, until its access log, which it
 * writes late, has a line like that.
 */
export async function startSquid(
  t: TestContext,
  hosts: readonly string[] = [],
  access = 'http_access allow all',
): Promise<{ url: string; logs: (pattern: RegExp, milliseconds?: number) => Promise<boolean> }> {
  await ensurePackages('proxy')
  const directory = await temporaryDirectory(t)
  // it gives up root, so its files must be open to others
  await chmod(directory, 0o777)
  const port = await freePort()
  const log = join(directory, 'access.log')
  await writeFile(join(directory, 'hosts'), hosts.map((name) => `127.0.0.1 ${name}\n`).join(''))
  await writeFile(
    join(directory, 'squid.conf'),
    [
      `http_port 127.0.0.1:${port}`,
      `hosts_file ${join(directory, 'hosts')}`,
      access,
      'cache deny all',
      'cache_mem 8 MB',
      `access_log stdio:${log}`,
      `cache_log ${join(directory, 'cache.log')}`,
      `pid_filename ${join(directory, 'squid.pid')}`,
      `coredump_dir ${directory}`,
      'shutdown_lifetime 0 seconds',
      'pinger_enable off',
      'logfile_rotate 0',
      '',
    ].join('\n'),
  )
  const child = spawn('squid', ['-N', '-f', join(directory, 'squid.conf')], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200 || child.exitCode !== null)
      throw new Error(`squid does not listen: ${await readFile(join(directory, 'cache.log'), 'utf8').catch(String)}`)
    await sleep(50)
  }
  const logs = async (pattern: RegExp, milliseconds = 10_000) => {
    const end = performance.now() + milliseconds
    for (;;) {
      if (pattern.test(await readFile(log, 'utf8').catch(() => ''))) return true
      if (performance.now() > end) return false
      await sleep(50)
    }
  }
  return { url: `http://127.0.0.1:${port}`, logs }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
