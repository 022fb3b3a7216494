import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWTVerifyGetKey } from 'jose'
import type { Access, Holder } from '../access.ts'
import { assertOwnPage } from '../http/own-page.ts'
import { Refusal } from '../refusal.ts'
import type { Route } from '../route.ts'
import { checkTicket } from '../ticket.ts'
import type { FirstUse } from '../ticket-memory.ts'
import type { EditorCookies } from './editor-cookie.ts'

export interface Gate {
  keys: JWTVerifyGetKey
  cookies: EditorCookies
  access: Access
  firstUse: FirstUse
}

/** Whether a request brings a ticket to exchange. */
export const bringsTicket = (route: Route): boolean => /[?&]ticket=/.test(route.target)

/**
 * Exchanges a ticket in the query for a cookie: 302 to the same address without the ticket, which thus stays out of the
 * history, of referrers and of what the workspace sees. Throws a Refusal.
 */
export async function enter(gate: Gate, route: Route, answer: ServerResponse): Promise<void> {
  const url = new URL(route.target, 'http://workspace')
  const ticket = url.searchParams.get('ticket') ?? ''
  const { user, credential, id } = await checkTicket(ticket, route, gate.keys)
  if (!gate.firstUse(id || ticket)) throw new Refusal(401, 'TICKET_USED', 'The ticket has been used: ask for another.')
  const holder = { user, workspace: route.workspace, port: route.port, credential }
  url.searchParams.delete('ticket')
  answer.writeHead(302, {
    location: `${route.path}${url.pathname}${url.search}`,
    'set-cookie': await gate.cookies.seal(holder),
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'content-length': '0',
  })
  answer.end()
}

/** Who sends a request to an editor, by the cookie. Throws a Refusal; `renewed` is a Set-Cookie to send along. */
export async function admit(
  gate: Gate,
  route: Route,
  request: IncomingMessage,
): Promise<{ holder: Holder; grant: string | undefined; renewed: string | undefined }> {
  const opened = await gate.cookies.open(request.headers.cookie, route.workspace)
  if (!opened) throw new Refusal(401, 'EDITOR_LOGIN', 'Open the editor from the dashboard: there is no session here.')
  assertOwnPage(request)
  const grant = await gate.access.assert(opened.holder)
  return { holder: opened.holder, grant, renewed: opened.old ? await gate.cookies.seal(opened.holder) : undefined }
}
