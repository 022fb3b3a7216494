import { type Announcement, releasesIn } from '../../serve/announcement.ts'
import type { Started } from '../../serve/background/start.ts'

/** Says where it is served. */
export function announce(announcement: Announcement, asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(documentOf(announcement)))
  else console.log(sentence(announcement))
}

/** Says where it is served from now on, by whom, and how long that lasts. */
export function announceStarted(started: Started, asJson: boolean): void {
  const { pid, log, already } = started
  if (asJson) {
    console.log(JSON.stringify({ ...documentOf(started), pid, log, already }))
    return
  }
  console.log(sentence(started))
  console.log(
    already
      ? `process ${pid} does that already, nothing was changed; its log: ${log}`
      : `process ${pid} goes on when this ends, until: kill ${pid}; its log: ${log}`,
  )
  console.log(
    'after a restart of this machine nobody serves; --systemd instead of --background prints a service that does',
  )
}

const documentOf = ({ registry, ca, releases, gallery, metrics }: Announcement) => ({
  registry,
  ca,
  ...releases[0],
  releases,
  gallery,
  metrics,
})

function sentence(announcement: Announcement): string {
  const { registry, ca, gallery, metrics } = announcement
  const trust = ca ? `; clients trust it by ${ca}` : ''
  const at = metrics ? `; metrics at http://${metrics}/metrics` : ''
  const extensions = gallery ? `; extensions of editors at ${gallery}` : ''
  return `${releasesIn(announcement)} served at ${registry}${trust}${extensions}${at}`
}
