import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** A reason to end a request before it became a session. `code` is for programs, `message` for people; no secrets. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'Refusal'
    this.status = status
    this.code = code
  }
}

/** What a log says about a refusal's cause: a failure on several addresses has a code and no message of its own. */
export function causeOf({ cause }: Refusal): string | undefined {
  if (!(cause instanceof Error)) return undefined
  return [(cause as NodeJS.ErrnoException).code, cause.message].filter(Boolean).join(': ') || cause.name
}

/** How long a refused peer may take to read its answer, in milliseconds. */
const lingerMs = 5_000

/**
 * Answers an upgrade request with an ordinary HTTP error and ends the connection: bytes that were sent behind the
 * request must never be taken for another request.
 */
export function sendRefusal(socket: Duplex, refusal: Refusal): void {
  if (socket.destroyed) return
  const body = JSON.stringify({ code: refusal.code, message: refusal.message })
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n` +
      'Cache-Control: no-store\r\nConnection: close\r\n\r\n' +
      body,
  )
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
