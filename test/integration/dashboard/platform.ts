import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../fixtures/directory.ts'

/** The whole platform but a cluster, as `npm run dev` starts it; it ends with the test. */
export async function platform(t: TestContext): Promise<{ url: string; password: string }> {
  const directory = await temporaryDirectory(t)
  await chmod(directory, 0o755)
  const env = {
    ...process.env,
    PORT: '0',
    SEALIFT_DEV: join(directory, 'dev'),
    KUBECONFIG: join(directory, 'none'),
    LOG_LEVEL: 'fatal',
  }
  const entry = fileURLToPath(import.meta.resolve('../../../services/dev.ts'))
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(async () => {
    child.kill('SIGTERM')
    while (child.exitCode === null && child.signalCode === null) await sleep(20)
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  while (!/Ctrl-C/.test(text)) {
    assert.equal(child.exitCode, null, text)
    await sleep(50)
  }
  return { url: /(http:\/\/localhost:\d+)/.exec(text)?.[1] ?? '', password: /password (\S+)/.exec(text)?.[1] ?? '' }
}
