import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { takeLock } from '../../../installer/src/stores/lock.ts'

/** A directory; what serves from `state` in it ends with the test, whatever has become of it, before its files go. */
export async function servedDirectory(t: TestContext, state = 'state'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-test-'))
  t.after(async () => {
    await stopServing(join(directory, state))
    await rm(directory, { recursive: true, force: true })
  })
  return directory
}

/** Ends what serves from a state directory, and waits for its end. */
export async function stopServing(state: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const holder = await holderOf(state)
    if (holder === undefined) return
    if (holder !== process.pid) process.kill(holder)
    await sleep(50)
  }
  throw new Error(`something still serves from ${state}`)
}

/** The process that serves from a state directory, or is about to. */
async function holderOf(state: string): Promise<number | undefined> {
  let holder: number | undefined
  const busy = new SealiftError('USAGE_LOCKED', 'busy')
  const release = await takeLock(state, 'serve.lock', {
    busy(pid) {
      holder = pid
      return busy
    },
  }).catch(() => undefined)
  release?.()
  return holder
}

/** What a registry answers, as JSON, over TLS that its own CA is trusted for. */
export async function answersOver(
  { registry, ca }: { registry: string; ca: string },
  path: string,
): Promise<Record<string, unknown>> {
  const [host, port] = registry.split(':')
  const asked = request({ host, port, path, ca: readFileSync(ca), agent: false }).end()
  const [response] = await once(asked, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return JSON.parse(text)
}
