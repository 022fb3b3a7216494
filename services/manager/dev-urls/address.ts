/** A host name of at least two labels, short enough that a label of 63 characters fits in front (RFC 1035). */
const hostName = /^(?=.{1,189}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/

/**
 * Checks the host below which dev URLs are. Their pages are made by users: the site's own host must not be one of them, and
 * without TLS the cookie that lets a visitor in would not be kept, but on this machine, at names such as dev.localhost.
 * @throws Error that says what is wrong
 */
export function checkDevUrlsHost(host: string, accessUrl: string): string {
  if (!hostName.test(host)) throw new Error('DEVURLS_HOST is not a host name, such as dev.example.com')
  const { protocol, hostname } = new URL(accessUrl)
  if (protocol !== 'https:' && !(hostname === 'localhost' && host.endsWith('.localhost')))
    throw new Error('DEVURLS_HOST needs an ACCESS_URL with https')
  if (hostname === host || hostname.endsWith(`.${host}`))
    throw new Error(`DEVURLS_HOST covers the site's own host ${hostname}: choose another`)
  return host
}

/** The hosts of a site. What workspaces answer is served at others than its own, which is that of `accessUrl`. */
export type SiteHosts = { accessUrl: string; devUrlsHost: string | undefined }

/**
 * Where a dev URL is, or an editor, with a slash at the end; undefined where the site has no host for it. Scheme and port are
 * those of the site, which the same ingress serves.
 */
export function devUrlAddress(label: string, { accessUrl, devUrlsHost }: SiteHosts): string | undefined {
  const { protocol, port } = new URL(accessUrl)
  const at = (host: string, path: string) => `${protocol}//${host}${port === '' ? '' : `:${port}`}${path}`
  return devUrlsHost === undefined ? undefined : at(`${label}.${devUrlsHost}`, '/')
}
