/** The hosts of a site: its own, that below which dev URLs and editors have names, and that of all editors. */
export interface SiteHosts {
  host: string
  devUrlsHost?: string | undefined
  editorsHost?: string | undefined
}

/**
 * Why workspaces can't answer at the hosts of a site; undefined where they can. Their pages are made by users: they must
 * not be pages of the site's own host, nor of a name above it, which shares its cookies. The host of all editors is no name
 * of dev URLs, and none above: one of the two would never be reached.
 */
export function siteHostsFault({ host, devUrlsHost, editorsHost }: SiteHosts): string | undefined {
  for (const [what, name] of Object.entries({ 'dev URLs': devUrlsHost, editors: editorsHost }))
    if (name !== undefined && isWithin(host, name))
      return `the host of ${what}, ${name}, covers the site's own host ${host}: choose another`
  if (devUrlsHost === undefined || editorsHost === undefined) return undefined
  if (!isWithin(editorsHost, devUrlsHost) && !isWithin(devUrlsHost, editorsHost)) return undefined
  return `the host of editors, ${editorsHost}, and that of dev URLs, ${devUrlsHost}, are within one another: leave out the first, since editors have names below the second`
}

const isWithin = (name: string, host: string): boolean => name === host || name.endsWith(`.${host}`)
