import type { ServerResponse } from 'node:http'

const policy = (rules: Readonly<Record<string, string>>): string =>
  Object.entries(rules)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')

const nobody = { 'default-src': "'none'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" }

/** Nothing from elsewhere, no inline script or style. */
const pages = policy({
  ...nobody,
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
})

/** A page to print: its style is in it, and it does nothing. */
export const printed = policy({ ...nobody, 'style-src': "'unsafe-inline'" })

/**
 * What every answer says. No Strict-Transport-Security: with it browsers would refuse the certificate for good, which
 * people are to compare.
 */
export function secure(response: ServerResponse): void {
  const headers = {
    'content-security-policy': pages,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}
