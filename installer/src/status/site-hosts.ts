import { textAt } from '../cluster/chart-values.ts'

/** The names of a site, as the answers have them. */
export interface SiteHosts {
  host: string
  devUrlsHost?: string
  editorsHost?: string
}

/** The names of a site by the values of its release; undefined where they do not say it. */
export function siteHosts(values: Record<string, unknown> | undefined): SiteHosts | undefined {
  const host = textAt(values, 'ingress', 'host')
  const devUrlsHost = textAt(values, 'devurls', 'host')
  const editorsHost = textAt(values, 'editors', 'host')
  return host === undefined
    ? undefined
    : { host, ...(devUrlsHost ? { devUrlsHost } : {}), ...(editorsHost ? { editorsHost } : {}) }
}
