import type { IncomingMessage } from 'node:http'
import { Refusal } from '../refusal.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what another site's page sends with our cookie: SameSite=Lax holds other sites off, but not other hosts of this
 * site, such as dev URLs. Browsers send Origin with each WebSocket and each write.
 */
export function assertOwnPage(request: IncomingMessage): void {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  const needed = request.headers.upgrade !== undefined || !safeMethods.has(request.method ?? '')
  // a page that keeps its address to itself (Referrer-Policy) sends forms with an Origin of null, to itself too
  if (origin === 'null' && site === 'same-origin' && request.headers.upgrade === undefined) return
  if (origin === undefined ? !needed : originHost(origin) === host?.toLowerCase()) return
  throw new Refusal(403, 'ORIGIN_FOREIGN', 'This request does not come from a page of this site.')
}

/**
 * The same for what a page may do without saying Origin: loading a script, an image or a frame. Where it comes from is in
 * Sec-Fetch-Site; following a link there is everyone's right.
 */
export function assertNotEmbedded(request: IncomingMessage): void {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers
  if (site === undefined || site === 'same-origin' || site === 'none') return
  if (mode === 'navigate' && dest === 'document') return
  throw new Refusal(403, 'ORIGIN_FOREIGN', 'This request comes from a page of another site.')
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
