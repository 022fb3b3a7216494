import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Connect } from '../connect.ts'
import { Refusal } from '../refusal.ts'

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
  /** a Set-Cookie of ours to add to the answer */
  cookie: string | undefined
  /** longest silence of the workspace, in milliseconds */
  timeoutMs: number
}

/**
 * Sends one HTTP request to the workspace and its answer back, both as streams. Resolves when the answer has been sent;
 * throws a Refusal where there was none.
 */
export function forward(incoming: IncomingMessage, answer: ServerResponse, onward: Onward): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method: incoming.method ?? 'GET',
      path: onward.target,
      headers: onward.headers,
      setHost: false,
      timeout: onward.timeoutMs,
      // the request's own timeout is heard of only where the socket has it too
      createConnection: () => onward.connect().setTimeout(onward.timeoutMs),
    })
    const fail = (error: unknown) => {
      incoming.unpipe(outgoing)
      if (answer.headersSent) answer.destroy()
      reject(
        error instanceof Refusal
          ? error
          : new Refusal(502, 'WORKSPACE_UNREACHABLE', 'The workspace can not be reached; is it running?', error),
      )
    }
    outgoing.on('timeout', () =>
      outgoing.destroy(new Refusal(504, 'WORKSPACE_TIMEOUT', 'The workspace did not answer in time.')),
    )
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, answerHeaders(response, onward))
      response.pipe(answer)
      response.on('error', fail)
      response.once('close', () => {
        if (!response.complete) answer.destroy()
        resolve()
      })
    })
    answer.once('close', () => {
      if (!answer.writableFinished) outgoing.destroy()
      resolve()
    })
    incoming.on('error', () => outgoing.destroy())
    incoming.pipe(outgoing)
  })
}

function answerHeaders(response: IncomingMessage, { answerHeader, cookie }: Onward): string[] {
  const headers: string[] = []
  const raw = response.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    const lower = name.toLowerCase()
    const value = withheld.has(lower) ? undefined : answerHeader(lower, raw[i + 1] as string)
    if (value !== undefined) headers.push(name, value)
  }
  if (cookie) headers.push('Set-Cookie', cookie)
  return headers
}
