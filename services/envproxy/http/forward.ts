import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Connect } from '../connect.ts'
import { Refusal } from '../refusal.ts'
import { answerBounds, malformed, refusalOf, workspaceAnswer } from './workspace-answer.ts'

/**
 * Headers of an answer that no workspace may send: what would clear or pin more of the site than its own pages, and what
 * ends at this hop.
 */
const withheld = new Set([
  'clear-site-data',
  'strict-transport-security',
  'alt-svc',
  'public-key-pins',
  'nel',
  'report-to',
  'reporting-endpoints',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'transfer-encoding',
  'upgrade',
  'trailer',
])

/** How one request goes on to a workspace. */
export interface Onward {
  connect: Connect
  /** request target at the workspace */
  target: string
  /** of the request, as a flat list of names and values; see onwardHeaders */
  headers: string[]
  /** A header of the answer as the client gets it; undefined: not at all. The name is in lower case. */
  answerHeader(name: string, value: string): string | undefined
  /** headers of ours to add to the answer, as a flat list of names and values */
  added: readonly string[]
  /** longest silence of the workspace, in milliseconds */
  timeoutMs: number
}

/**
 * Sends one HTTP request to the workspace and its answer back, both as streams. Resolves when the answer has been sent or
 * its client has gone; throws a Refusal where there was none, or only a part.
 */
export async function forward(incoming: IncomingMessage, answer: ServerResponse, onward: Onward): Promise<void> {
  const outgoing = request({
    method: incoming.method ?? 'GET',
    path: onward.target,
    headers: onward.headers,
    setHost: false,
    timeout: onward.timeoutMs,
    // the request's own timeout is heard of only where the socket has it too
    createConnection: () => onward.connect().setTimeout(onward.timeoutMs),
    maxHeaderSize: answerBounds.maxHeaderSize,
  })
  outgoing.on('timeout', () =>
    outgoing.destroy(new Refusal(504, 'WORKSPACE_TIMEOUT', 'The workspace did not answer in time.')),
  )
  let response: IncomingMessage | undefined
  let gone = false
  answer.once('close', () => {
    gone = !answer.writableFinished && !response?.errored
    if (gone) outgoing.destroy()
  })
  incoming.on('error', () => outgoing.destroy())
  incoming.pipe(outgoing)
  try {
    const { response: answered, upgraded } = await workspaceAnswer(outgoing)
    response = answered
    upgraded?.socket.destroy()
    if (upgraded) throw malformed('a switch of protocols that nobody asked for')
    writeHead(answer, response, onward)
    await pipeline(response, answer)
  } catch (error) {
    if (!gone) throw refusalOf(error as Error)
  } finally {
    incoming.unpipe(outgoing)
  }
}

/** Throws a Refusal where Node refuses a header; nothing has been sent then. */
function writeHead(answer: ServerResponse, response: IncomingMessage, onward: Onward): void {
  try {
    answer.writeHead(response.statusCode as number, answerHeaders(response, onward))
  } catch (error) {
    response.destroy()
    throw malformed(error)
  }
}

function answerHeaders(response: IncomingMessage, { answerHeader, added }: Onward): string[] {
  const headers: string[] = []
  const raw = response.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const lower = name.toLowerCase()
    const value = withheld.has(lower) ? undefined : answerHeader(lower, raw[i + 1] as string)
    if (value !== undefined) headers.push(name, value)
  }
  return headers.concat(added)
}
