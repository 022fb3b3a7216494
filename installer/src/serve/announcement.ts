/** What `serve` says when it answers. */
export interface Announcement {
  /** HOST:PORT, as clients name it */
  registry: string
  /** file of the CA that clients must trust; undefined with a given certificate and without TLS */
  ca?: string | undefined
  releases: readonly { name: string; version: string }[]
  /** URL that editors are given for extensions; undefined where no bundle has any */
  gallery?: string | undefined
  /** HOST:PORT of the metrics */
  metrics?: string | undefined
}

/** The releases of an announcement in words. */
export const releasesIn = ({ releases }: Pick<Announcement, 'releases'>): string =>
  releases.map(({ name, version }) => `${name} ${version}`).join(', ')
