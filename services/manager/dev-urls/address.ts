import { workspaceOfEditor } from './label.ts'

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
  if (isWithin(hostname, host)) throw new Error(`DEVURLS_HOST covers the site's own host ${hostname}: choose another`)
  return host
}

/**
 * Checks the one host of all editors, whose pages are the workspaces', as those of dev URLs are.
 * @throws Error that says what is wrong
 */
export function checkEditorsHost(host: string, accessUrl: string, devUrlsHost: string | undefined): string {
  if (!hostName.test(host)) throw new Error('EDITORS_HOST is not a host name, such as cde-editors.example.com')
  const { protocol, hostname } = new URL(accessUrl)
  if (protocol !== 'https:') throw new Error('EDITORS_HOST needs an ACCESS_URL with https')
  if (isWithin(hostname, host)) throw new Error(`EDITORS_HOST covers the site's own host ${hostname}: choose another`)
  if (devUrlsHost !== undefined && (isWithin(host, devUrlsHost) || isWithin(devUrlsHost, host)))
    throw new Error(`EDITORS_HOST and DEVURLS_HOST are within one another: editors have names below ${devUrlsHost}`)
  return host
}

const isWithin = (name: string, host: string): boolean => name === host || name.endsWith(`.${host}`)

/** The hosts of a site. What workspaces answer is served at others than its own, which is that of `accessUrl`. */
export type SiteHosts = { accessUrl: string; devUrlsHost: string | undefined; editorsHost: string | undefined }

/**
 * Where a dev URL is, or an editor, with a slash at the end; undefined where the site has no host for it. Scheme and port are
 * those of the site, which the same ingress serves. Editors have names of their own where dev URLs have.
 */
export function devUrlAddress(label: string, { accessUrl, devUrlsHost, editorsHost }: SiteHosts): string | undefined {
  const { protocol, port } = new URL(accessUrl)
  const at = (host: string, path: string) => `${protocol}//${host}${port === '' ? '' : `:${port}`}${path}`
  if (devUrlsHost !== undefined) return at(`${label}.${devUrlsHost}`, '/')
  const workspace = workspaceOfEditor(label)
  return editorsHost === undefined || workspace === undefined ? undefined : at(editorsHost, `/${workspace}/`)
}
