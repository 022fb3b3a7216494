import { createHash } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Connect } from './connect.ts'
import { answerBounds, workspaceAnswer } from './http/workspace-answer.ts'
import { Refusal } from './refusal.ts'

/** A workspace that accepted the upgrade. */
export interface Dialed {
  socket: Socket
  /** bytes that came right behind the answer */
  head: Buffer
  /** the answer's head, ready to be written to the client */
  answer: string
  /** the subprotocol that it chose */
  protocol: string | undefined
}

/** Headers of the workspace's answer that the client gets. No Set-Cookie: a workspace shares its origin with the site. */
const passed = ['sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions']
/** What such a header may be: it is written out by hand. */
const sound = /^[!-~][\t -~]{0,1023}$/

/** Fixed by RFC 6455, section 1.3. */
const websocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Milliseconds for which a workspace that just became ready may still refuse: the nodes have yet to hear of it. */
const settleMs = 3_000
const retryMs = 100
const passing = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])

interface DialOptions {
  timeoutMs: number
  key: string
  signal: AbortSignal
}

/**
 * Dials a workspace, again and again for a short while where it can't be reached: a Service forwards to a new pod only
 * once every node has heard that it is ready. Nothing has been sent by then, so nothing is sent twice.
 * Throws a Refusal (502, 504). `signal` ends the attempt when the client has gone.
 */
export async function dial(connect: Connect, path: string, headers: string[], options: DialOptions): Promise<Dialed> {
  const end = performance.now() + Math.min(settleMs, options.timeoutMs)
  for (;;) {
    try {
      return await dialOnce(connect, path, headers, options)
    } catch (error) {
      const code = ((error as Refusal).cause as NodeJS.ErrnoException | undefined)?.code ?? ''
      if (!passing.has(code) || performance.now() > end || options.signal.aborted) throw error
      await setTimeout(retryMs)
    }
  }
}

/**
 * Sends the upgrade request to the workspace and waits for its 101. The answer is parsed, not passed on unseen: a
 * workspace that answered anything else over a spliced connection could have later requests of other people, which
 * a proxy in front sends over the same connection, delivered to itself.
 */
async function dialOnce(connect: Connect, path: string, headers: string[], options: DialOptions): Promise<Dialed> {
  const outgoing = request({
    path,
    headers,
    setHost: false,
    maxHeaderSize: answerBounds.maxHeaderSize,
    signal: options.signal,
    // Without an agent: each session has a connection of its own.
    createConnection: connect,
  })
  const timer = globalThis.setTimeout(
    () => outgoing.destroy(new Refusal(504, 'WORKSPACE_TIMEOUT', 'The workspace did not answer in time.')),
    options.timeoutMs,
  )
  outgoing.end()
  const { response, upgraded } = await workspaceAnswer(outgoing).finally(() => clearTimeout(timer))
  const expected = createHash('sha1')
    .update(options.key + websocketGuid)
    .digest('base64')
  try {
    if (!upgraded) throw refused(`The workspace answered ${response.statusCode}.`)
    if (response.headers['sec-websocket-accept'] !== expected)
      throw refused('The workspace answered with a wrong handshake.')
    const protocol = response.headers['sec-websocket-protocol']
    return { socket: upgraded.socket as Socket, head: upgraded.head, answer: answerOf(response), protocol }
  } catch (error) {
    if (upgraded) upgraded.socket.destroy()
    else outgoing.destroy()
    throw error
  }
}

const refused = (message: string): Refusal => new Refusal(502, 'WORKSPACE_REFUSED', message)

function answerOf(response: IncomingMessage): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  for (const name of passed) {
    const value = response.headers[name]
    if (value === undefined) continue
    if (typeof value !== 'string' || !sound.test(value))
      throw refused(`The workspace answered with a malformed ${name}.`)
    lines.push(`${name}: ${value}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
