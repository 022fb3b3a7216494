import type { IncomingMessage } from 'node:http'

/** By which a proxy speaks for its client. */
const claim = /^(x-forwarded-.*|x-real-ip|forwarded)$/i

/** Takes what a request says of its client out of it, unless the peer that sent it is believed. */
export function dropClaims(request: IncomingMessage, trusts: (address: string) => boolean): void {
  // Node makes `headers` of `rawHeaders` when it is first read, so that has to be before those change
  const { headers, rawHeaders, socket } = request
  if (trusts(socket.remoteAddress ?? '')) return
  for (const name of Object.keys(headers)) if (claim.test(name)) delete headers[name]
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) if (claim.test(rawHeaders[i] ?? '')) rawHeaders.splice(i, 2)
}
