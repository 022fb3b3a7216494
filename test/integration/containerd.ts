import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryDirectory } from '../fixtures/directory.ts'
import { run } from '../lab/command.ts'

/** A containerd of the test's own, without the parts that need a cluster; both it and its client have the variables. */
export async function containerd(
  t: TestContext,
  environment: Record<string, string> = {},
): Promise<(...args: string[]) => Promise<string>> {
  const directory = await temporaryDirectory(t)
  const socket = join(directory, 'containerd.sock')
  const config = join(directory, 'config.toml')
  await writeFile(
    config,
    `version = 2
root = ${JSON.stringify(join(directory, 'root'))}
state = ${JSON.stringify(join(directory, 'state'))}
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = ${JSON.stringify(socket)}
`,
  )
  const child = spawn('containerd', ['--config', config, '--log-level', 'error'], {
    stdio: 'ignore',
    env: { ...process.env, ...environment },
  })
  t.after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null) await once(child, 'exit')
  })
  const ctr = (...args: string[]) => run('ctr', ['--address', socket, ...args], { timeout: 60_000, environment })
  for (let i = 0; ; i++) {
    const answer = await ctr('version').catch((error) => error)
    if (typeof answer === 'string') return ctr
    if (i === 100 || child.exitCode !== null) throw answer
    await sleep(100)
  }
}
