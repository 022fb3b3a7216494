import fp from 'fastify-plugin'

/**
 * Nothing but our own files runs, is drawn or is called; no inline script or style; no frames. `connect-src 'self'`
 * covers the WebSockets of terminals and of the list, which are on the same host.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

/** Sets the security headers of every answer, errors included. */
export default fp(async (app) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
})
