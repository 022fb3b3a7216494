import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Activity } from '../activity.ts'
import { type Address, connectTo } from '../connect.ts'
import { forward } from '../http/forward.ts'
import { refuse } from '../http/refuse.ts'
import type { Metrics } from '../metrics.ts'
import { Refusal } from '../refusal.ts'
import { assertOneHost, onwardHeaders } from '../request-head.ts'
import { parseRoute, type Route } from '../route.ts'
import { confineCookie, editorCookies } from './cookies.ts'
import { admit, bringsTicket, enter, type Gate } from './enter.ts'

export interface IdeOptions {
  /** undefined: this envproxy shares no key with the manager and serves no editor */
  gate: Gate | undefined
  locate(place: { workspace: string; port: number }): Address
  activity: Activity
  metrics: Metrics
  log: { warn(fields: object, message: string): void }
  /** longest silence of a workspace, in milliseconds */
  timeoutMs: number
}

/** Serves one HTTP request below /proxy/. Never throws: each failure is an answer with {code, message}. */
export async function serveRequest(
  options: IdeOptions,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  request.on('error', () => {})
  answer.on('error', () => {})
  try {
    assertOneHost(request)
    const route = parseRoute(request.url ?? '')
    if (!route) throw new Refusal(404, 'ROUTE_UNKNOWN', 'Nothing is served at this path.')
    if (route.door === 'shell') throw new Refusal(426, 'UPGRADE_REQUIRED', 'Only WebSockets are served here.')
    if (!options.gate) throw new Refusal(503, 'EDITOR_OFF', 'This envproxy is not set up for editors.')
    if (!route.target.startsWith('/')) return redirect(answer, route)
    if (request.method === 'GET' && bringsTicket(route)) return await enter(options.gate, route, answer)
    const { holder, grant, renewed } = await admit(options.gate, route, request)
    if (request.method !== 'GET' && request.method !== 'HEAD') options.activity.mark(holder.workspace)
    // an answer may go on for hours
    const unwatch = options.gate.access.watch(holder, () => answer.destroy())
    await forward(request, answer, {
      connect: connectTo(options.locate(route), grant),
      target: route.target,
      headers: onwardHeaders(request, { cookies: editorCookies(request.headers.cookie) }),
      answerHeader: (name, value) => ofEditor(route.path, name, value),
      cookie: renewed,
      timeoutMs: options.timeoutMs,
    }).finally(unwatch)
  } catch (error) {
    refuse({ ...options, home: '/' }, request, answer, error)
  }
}

/** The editor's pages share the site's origin: cookies and redirects stay below its path, and so do its service workers. */
function ofEditor(path: string, name: string, value: string): string | undefined {
  if (name === 'service-worker-allowed') return undefined
  if (name === 'set-cookie') return confineCookie(value, path)
  return name === 'location' && value.startsWith('/') ? path + value : value
}

/** The editor is a folder: its pages name their parts relative to it. */
function redirect(answer: ServerResponse, route: Route): void {
  answer.writeHead(308, {
    location: `${route.path}/${route.target}`,
    'content-length': '0',
    'referrer-policy': 'no-referrer',
  })
  answer.end()
}
