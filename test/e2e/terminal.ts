import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { User } from '../lab/demo-user.ts'

/** One connection to a terminal session of a workspace, as the dashboard's page holds it. */
export type Terminal = {
  /** id to come back with */
  session: string
  /** whether the session was there before */
  resumed: boolean
  /** messages about the session and, beside its bytes, of notices */
  messages: () => readonly { type: string; notices?: { says: string }[] }[]
  /** all that this connection was sent, as text */
  shown: () => string
  type: (text: string) => void
  /** Waits until `pattern` is shown; throws after `limit` milliseconds, or when the connection ends before. */
  until: (pattern: RegExp, limit?: number) => Promise<void>
  /** Cuts the TCP connection in the middle of the protocol, as a broken network does. */
  cut: () => void
  /** Stops reading, and ends nothing. */
  hang: () => void
  /**
   * Presses Ctrl-C and types `exit` until the session ends: bash loses a Ctrl-C that comes just when the program it waits
   * for has ended by itself (4 of 100 tries, with one that sleeps 5 ms), and counts on. Throws after 20 s.
   */
  interruptAndExit: () => Promise<void>
  /** when the connection ended, as performance.now() tells it */
  ended: Promise<number>
  open: () => boolean
  close: () => void
}

/** Opens a terminal, or comes back to the one whose `session` is given. */
export async function openTerminal(user: User, workspace: string, session?: string): Promise<Terminal> {
  const answer = await user.request('POST', `/api/v0/workspaces/${workspace}/tickets`, { port: 26337 })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const { ticket, path } = answer.body as { ticket: string; path: string }
  const query = new URLSearchParams({ cols: '120', rows: '30', ...(session === undefined ? {} : { id: session }) })
  const socket = user.openSocket(`${path}?${query}`, ['cde.shell.v1', `ticket.${ticket}`])
  let shown = ''
  const messages: { type: string }[] = []
  const listeners = new Set<() => void>()
  const ended = Promise.withResolvers<number>()
  const begun = Promise.withResolvers<{ id: string; resumed: boolean }>()
  let failure: Error = new Error('the terminal was closed before it began')
  socket.on('message', (data, binary) => {
    if (binary) shown += data.toString()
    else {
      const message = JSON.parse(data.toString())
      messages.push(message)
      if (message.type === 'session') begun.resolve(message)
    }
    for (const listener of listeners) listener()
  })
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('close', () => {
    begun.reject(failure)
    ended.resolve(performance.now())
    for (const listener of listeners) listener()
  })
  const late = setTimeout(() => begun.reject(new Error('the terminal did not begin within 30 s')), 30_000)
  const first = await begun.promise.finally(() => clearTimeout(late))
  const open = () => socket.readyState === socket.OPEN
  return {
    session: first.id,
    resumed: first.resumed,
    messages: () => messages,
    shown: () => shown,
    type: (text) => socket.send(Buffer.from(text)),
    until(pattern, limit = 15_000) {
      return new Promise((resolve, reject) => {
        const finish = (why?: string) => {
          clearTimeout(timer)
          listeners.delete(look)
          if (why === undefined) resolve()
          else reject(new Error(`${why} before ${pattern} was shown; shown: ${JSON.stringify(shown.slice(-300))}`))
        }
        const look = () => {
          if (pattern.test(shown)) finish()
          else if (!open()) finish('the connection ended')
        }
        const timer = setTimeout(() => finish(`${limit} ms passed`), limit)
        listeners.add(look)
        look()
      })
    },
    cut: () => socket.terminate(),
    hang: () => socket.pause(),
    async interruptAndExit() {
      for (let i = 0; i < 20 && open(); i += 1) {
        socket.send(Buffer.from('\x03exit\n'))
        await Promise.race([ended.promise, sleep(1_000)])
      }
      assert.ok(!open(), `the session did not end; shown: ${JSON.stringify(shown.slice(-300))}`)
    },
    ended: ended.promise,
    open,
    close: () => socket.close(),
  }
}

/** Types a program that counts aloud five times a second. */
export const countAloud = 'stty -echo; for ((i = 1; ; i++)); do echo "<$i>"; sleep 0.2; done\n'

/** The numbers that were counted, in the order of their coming. */
export const counted = (shown: string): number[] => [...shown.matchAll(/<(\d+)>/g)].map(([, number]) => Number(number))

/** Fails where a number is missing, doubled or out of order, or where a byte stands between the lines. */
export function assertGapless(shown: string): void {
  const numbers = counted(shown)
  const [first = Number.NaN] = numbers
  assert.ok(numbers.length > 0, `nothing was counted: ${JSON.stringify(shown.slice(-300))}`)
  const lines = shown.slice(shown.indexOf(`<${first}>`))
  const expected = numbers.map((_, at) => `<${first + at}>\r\n`).join('')
  // the last line may be on its way
  assert.ok(
    lines.startsWith(expected.slice(0, -2)) && expected.startsWith(lines.slice(0, expected.length)),
    `not what was counted from ${first} on: ${JSON.stringify(lines.slice(-300))}`,
  )
}
