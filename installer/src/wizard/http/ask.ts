import { type IncomingMessage, request } from 'node:http'
import { type ErrorCode, SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Failure } from '../view.ts'

/** bytes of an answer: a view with all its log is far below */
const mostAnswered = 16 << 20

export interface Question {
  headers?: Readonly<Record<string, string>>
  json?: unknown
  bytes?: Uint8Array
  type?: string
}

/** Asks the session behind a socket. @throws SealiftError as the session threw it; SESSION_ENDED where nobody answers */
export type Ask = (method: string, path: string, question?: Question) => Promise<{ text: string; json(): unknown }>

export const askOver =
  (socketPath: string, signal: AbortSignal): Ask =>
  async (method, path, { headers = {}, json, bytes, type = 'application/json' } = {}) => {
    const body = bytes ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)))
    const { status, text } = await exchange()
    if (status < 300) return { text, json: () => JSON.parse(text) as unknown }
    throw errorOf(text)

    function exchange(): Promise<{ status: number; text: string }> {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
      const lost = (cause: unknown) => reject(sessionEnded(cause))
      if (signal.aborted) lost(signal.reason)
      const sent = request({
        socketPath,
        method,
        path,
        signal,
        headers: { ...headers, ...(body ? { 'content-type': type, 'content-length': body.length } : {}) },
      })
      sent.once('error', lost)
      sent.once('response', (response) => {
        textOf(response).then((text) => resolve({ status: response.statusCode ?? 500, text }), lost)
      })
      sent.end(body)
      return promise
    }
  }

export const sessionEnded = (cause?: unknown) =>
  new SealiftError('SESSION_ENDED', 'the process that had the session has ended', {
    fix: 'sealift install goes on with it',
    cause,
  })

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > mostAnswered) throw new Error('the answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function errorOf(text: string): SealiftError {
  try {
    const { code, message, why, fix } = (JSON.parse(text) as { error: Failure }).error
    return new SealiftError(code as ErrorCode, message, { why, fix })
  } catch (cause) {
    return sessionEnded(cause)
  }
}
