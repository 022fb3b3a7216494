import { type ChildProcess, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** A service as the site runs it: a process of its own, that tells everything it can. */
export type ServiceProcess = { url: string; child: ChildProcess; log(): string }

/** Starts a service's server.ts on a free port, at the log level `trace`, and waits until it listens. */
export async function startService(
  t: TestContext,
  entry: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<ServiceProcess> {
  const env = { PATH: process.env.PATH, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'trace', ...environment }
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  for (;;) {
    const port = /Server listening at http:\/\/[^"]*:(\d+)"/.exec(text)?.[1]
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, child, log: () => text }
    if (child.exitCode !== null) throw new Error(text)
    await sleep(10)
  }
}
