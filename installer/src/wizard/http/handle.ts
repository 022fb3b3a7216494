import type { IncomingMessage, ServerResponse } from 'node:http'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Face } from '../face.ts'
import { printed } from '../https/headers.ts'
import type { Answer, Door } from './door.ts'
import { sendEvents } from './event-stream.ts'
import { routes } from './routes.ts'
import { errorBody } from './statuses.ts'

/** Answers one request for `/api/…`: reads, does, answers. Never throws. */
export async function handleApi(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request
  const [path = '', search = ''] = url.split('?', 2)
  const query = new URLSearchParams(search)
  let face: Face | undefined
  try {
    if (method === 'POST' && path === '/api/enter') return send(response, await door.enter(request, response))
    const isEvents = method === 'GET' && path === '/api/events'
    const route = Object.hasOwn(routes, `${method} ${path}`) ? routes[`${method} ${path}`] : undefined
    if (!route && !isEvents) throw new SealiftError('SESSION_ROUTE', 'there is nothing at this address')
    face = door.faceOf(request)
    if (!route) return await sendEvents(face, afterOf(request, query), response, door.ending)
    send(response, await route(face, request, query, door))
  } catch (cause) {
    await refuse(response, cause, face)
  }
}

/** `Last-Event-ID` is what a browser sends by itself when it connects again. */
function afterOf(request: IncomingMessage, query: URLSearchParams): number {
  const after = Number(request.headers['last-event-id'] ?? query.get('after') ?? 0)
  return Number.isSafeInteger(after) && after >= 0 ? after : 0
}

function send(response: ServerResponse, { status, json, text }: Answer): void {
  const headers: Record<string, string> = { 'cache-control': 'no-store' }
  if (text) {
    headers['content-type'] = `${text.type}; charset=utf-8`
    if (text.type === 'text/html') headers['content-security-policy'] = printed
    if (text.name !== undefined) headers['content-disposition'] = `attachment; filename="${text.name}"`
    response.writeHead(status ?? 200, headers).end(text.body)
  } else if (json === undefined) response.writeHead(status ?? 204, headers).end()
  else response.writeHead(status ?? 200, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(json))
}

/** Answers a request that failed; what of its body is still on its way is not waited for. */
async function refuse(response: ServerResponse, cause: unknown, face: Face | undefined): Promise<void> {
  if (response.headersSent || response.destroyed) return void response.destroy()
  if (process.env.SEALIFT_DEBUG && !(cause instanceof SealiftError)) console.error(cause)
  const { status, body } = errorBody(cause)
  const faults = body.error.code === 'SESSION_FAULTS' ? await face?.view().catch(() => undefined) : undefined
  response.setHeader('connection', 'close')
  send(response, { status, json: { ...body, ...(faults ? { faults: faults.faults } : {}) } })
}
