import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { User } from '../lab/demo-user.ts'
import { assertGapless, counted, openTerminal } from './terminal.ts'

/** A stream that gives back what is sent into it. */
export type Echo = { send: (text: string) => void; shown: () => string; open: () => boolean; close: () => void }

/** What a shell does that says when it is ready, and then gives back each line once, as it is. */
const echo = 'stty -echo -onlcr; echo "<$((0))>"; cat\n'

/** A terminal of the dashboard. */
export async function terminalEcho(user: User, workspace: string): Promise<Echo> {
  const one = await openTerminal(user, workspace)
  one.type(echo)
  return { ...one, send: one.type }
}

/**
 * A session of OpenSSH with a terminal; `login` is `user-workspace`, `key` the file of the private key. `said`: what it wrote
 * as errors.
 */
export function sshEcho(login: string, address: string, key: string): Echo & { said: () => string } {
  const options = ['IdentitiesOnly=yes', 'BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null']
  const flags = ['-tt', '-F', '/dev/null', '-i', key, ...options.flatMap((one) => ['-o', one])]
  const child = spawn('ssh', [...flags, '-l', login, address], { stdio: 'pipe' })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.write(echo)
  return {
    send: (text) => child.stdin.write(text),
    shown: () => shown,
    said: () => said,
    open: () => child.exitCode === null && child.signalCode === null,
    close: () => child.kill(),
  }
}

/** Waits until something holds; throws after `limit` milliseconds. */
export async function until(what: string, limit: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + limit; !(await holds()); await sleep(200))
    assert.ok(performance.now() < end, `in vain: ${what}`)
}

/**
 * Sends a running number into each stream ten times a second. What it returns ends that, fails where a stream has ended or
 * a byte was lost, and says how many there were.
 */
export function countThrough(streams: Record<string, Echo>): () => Promise<number> {
  let sent = 0
  const timer = setInterval(() => {
    sent += 1
    for (const stream of Object.values(streams)) stream.send(`<${sent}>\n`)
  }, 100).unref()
  return async () => {
    clearInterval(timer)
    for (const [name, { shown, open }] of Object.entries(streams)) {
      await until(`${sent} through ${name}`, 20_000, () => counted(shown()).at(-1) === sent || !open())
      assert.ok(open(), `${name} has ended`)
      assertGapless(shown().replaceAll(/>\r?\n?/g, '>\r\n'))
      assert.deepEqual([counted(shown())[0], counted(shown()).at(-1)], [0, sent], name)
    }
    return sent
  }
}
