/** A host name of at least two labels, short enough that a label of 63 characters fits in front (RFC 1035). */
const hostName = /^(?=.{1,189}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/

/**
 * Checks the host below which dev URLs are. Their pages are made by users: the site's own host must not be one of them, and
 * without TLS the cookie that lets a visitor in would not be kept.
 * @throws Error that says what is wrong
 */
export function checkDevUrlsHost(host: string, accessUrl: string): string {
  if (!hostName.test(host)) throw new Error('DEVURLS_HOST is not a host name, such as dev.example.com')
  const { protocol, hostname } = new URL(accessUrl)
  if (protocol !== 'https:') throw new Error('DEVURLS_HOST needs an ACCESS_URL with https')
  if (hostname === host || hostname.endsWith(`.${host}`))
    throw new Error(`DEVURLS_HOST covers the site's own host ${hostname}: choose another`)
  return host
}

/** Origin of a dev URL: scheme and port as of the site, which the same ingress serves. */
export function devUrlOrigin(label: string, host: string, accessUrl: string): string {
  const { protocol, port } = new URL(accessUrl)
  return `${protocol}//${label}.${host}${port === '' ? '' : `:${port}`}`
}
