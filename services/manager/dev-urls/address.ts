import { siteHostsFault } from '@sealift/bundle-spec/site-hosts.ts'
import { workspaceOfEditor } from './label.ts'

/** A host name of at least two labels, short enough that a label of 63 characters fits in front (RFC 1035). */
const hostName = /^(?=.{1,189}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/

/**
 * Checks the hosts at which workspaces answer. Without TLS the cookie that lets a visitor in would not be kept, but on this
 * machine, at names such as dev.localhost.
 * @throws Error that says what is wrong
 */
export function checkWorkspaceHosts({ accessUrl, devUrlsHost, editorsHost }: SiteHosts): void {
  const { protocol, hostname: host } = new URL(accessUrl)
  for (const [name, value] of Object.entries({ DEVURLS_HOST: devUrlsHost, EDITORS_HOST: editorsHost })) {
    if (value === undefined) continue
    if (!hostName.test(value)) throw new Error(`${name} is not a host name, such as dev.example.com`)
    if (protocol !== 'https:' && !(host === 'localhost' && value.endsWith('.localhost')))
      throw new Error(`${name} needs an ACCESS_URL with https`)
  }
  const fault = siteHostsFault({ host, devUrlsHost, editorsHost })
  if (fault !== undefined) throw new Error(`DEVURLS_HOST, EDITORS_HOST: ${fault}`)
}

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
