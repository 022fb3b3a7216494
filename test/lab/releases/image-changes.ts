import type { ImageName } from '../../../manifests/images/catalog.ts'
import type { ImageChange } from './derive-image.ts'
import { brokenPart, extraMigrations, type ReleaseVariant } from './release-variant.ts'

const node = ['/usr/local/bin/node', '--disable-sigusr1']

/**
 * What a release changes in each image, beside its version as a label: so every pod is replaced but that of the database,
 * whose image a release seldom changes. The dashboard tells its version at /assets/release.txt.
 */
export async function imageChanges(variant: ReleaseVariant): Promise<Partial<Record<ImageName, ImageChange>>> {
  const { version, change } = variant
  const labels = { 'org.opencontainers.image.version': version }
  const migrations = Object.entries(await extraMigrations(variant))
  const manager: ImageChange = {
    labels,
    files: Object.fromEntries(migrations.map(([name, sql]) => [`app/migrations/${name}`, sql])),
  }
  const dashboard: ImageChange = { labels, files: { 'app/public/assets/release.txt': `${version}\n` } }
  const all = { manager, dashboard, envproxy: { labels }, ingress: { labels }, workspace: { labels } }
  switch (change) {
    case 'crashes':
      return { ...all, manager: { ...manager, entrypoint: ['/bin/sh', '-c', 'echo this release crashes >&2; exit 1'] } }
    case 'cannot-be-pulled':
      return { ...all, envproxy: { labels, falseDiffId: true } }
    case 'app-fails-after-migration':
      return { ...all, manager: await preloaded(manager, 'fails-after-migration.mjs') }
    case 'smoke-fails':
      return { ...all, dashboard: await preloaded(dashboard, 'answers-wrongly.mjs') }
    default:
      return all
  }
}

async function preloaded(image: ImageChange, script: string): Promise<ImageChange> {
  return {
    ...image,
    files: { ...image.files, 'app/broken.mjs': await brokenPart(script) },
    entrypoint: [...node, '--import', '/app/broken.mjs', '/app/server.mjs'],
  }
}
