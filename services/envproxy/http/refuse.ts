import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Metrics } from '../metrics.ts'
import { causeOf, Refusal } from '../refusal.ts'

interface Options {
  metrics: Metrics
  log: { warn(fields: object, message: string): void }
  /** where a person is sent for more */
  home: string
}

/** Answers a request that failed with {code, message}, or with a page where a person asked. */
export function refuse(
  { metrics, log, home }: Options,
  request: IncomingMessage,
  answer: ServerResponse,
  error: unknown,
) {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL', 'Envproxy failed.', error)
  metrics.refused.inc({ code: refusal.code })
  if (refusal.status >= 500)
    log.warn({ status: refusal.status, code: refusal.code, cause: causeOf(refusal) }, 'request refused')
  if (answer.headersSent || answer.destroyed) {
    answer.destroy()
    return
  }
  const forPeople = request.headers.accept?.includes('text/html') ?? false
  const body = forPeople
    ? `<!doctype html><meta charset="utf-8"><title>${STATUS_CODES[refusal.status]}</title><p>${refusal.message}</p><p><a href="${home}">Dashboard</a></p>\n`
    : JSON.stringify({ code: refusal.code, message: refusal.message })
  // What is left of the request's body must not be taken for another request.
  answer.writeHead(refusal.status, {
    'content-type': `${forPeople ? 'text/html' : 'application/json'}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    connection: 'close',
    ...(refusal.status === 426 ? { upgrade: 'websocket' } : {}),
  })
  answer.end(body)
  request.resume()
}
