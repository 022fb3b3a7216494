import { hostname } from 'node:os'
import path from 'node:path'
import { applyConfigMap } from '../cluster/apply.ts'
import type { Backup } from './backup.ts'
import type { BackupSite } from './site.ts'

/** Name of the ConfigMap. */
export const knownName = 'sealift-backups'
const key = 'backups.json'
/** the newest that are remembered */
const most = 200

/** What an installation remembers of a backup. */
export interface KnownBackup {
  id: string
  /** name of the machine, and where it was there */
  machine: string
  path: string
  /** bytes */
  size: number
  /** RFC 3339 */
  created: string
  release: string
  encryption: string
  /** RFC 3339, when it was last restored into a throw-away database and found equal */
  proven?: string
  /** RFC 3339, when an installation was last made from it */
  restored?: string
}

/** The backups that an installation remembers, oldest first; none where they can't be read. @throws SealiftError CLUSTER_* */
export async function knownBackups({ cluster, namespace }: BackupSite): Promise<KnownBackup[]> {
  const map = await cluster.find('read the known backups', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: knownName }),
  )
  try {
    const list = JSON.parse(map?.data?.[key] ?? '[]')
    return Array.isArray(list)
      ? list.filter((one) => typeof one?.id === 'string' && typeof one.created === 'string')
      : []
  } catch {
    return []
  }
}

/** Remembers a backup, and what became of it. @throws SealiftError CLUSTER_* */
export async function remember(
  site: BackupSite,
  { id, path: file, size, document }: Backup,
  happened: Pick<KnownBackup, 'proven' | 'restored'> = {},
): Promise<void> {
  const known = await knownBackups(site)
  const { proven, restored } = known.find((one) => one.id === id) ?? {}
  const { created, encryption, release } = document
  const entry: KnownBackup = {
    ...{ id, machine: hostname(), path: path.resolve(file), size, created, encryption },
    release: `${release.name} ${release.version}`,
    ...(proven === undefined ? {} : { proven }),
    ...(restored === undefined ? {} : { restored }),
    ...happened,
  }
  await write(site, [...known.filter((one) => one.id !== id), entry])
}

/** Forgets backups that are gone. @throws SealiftError CLUSTER_* */
export async function forget(site: BackupSite, ids: readonly string[]): Promise<void> {
  const known = await knownBackups(site)
  const left = known.filter(({ id }) => !ids.includes(id))
  if (left.length < known.length) await write(site, left)
}

async function write({ cluster, namespace }: BackupSite, all: KnownBackup[]): Promise<void> {
  const sorted = all.sort((a, b) => (a.created < b.created ? -1 : 1)).slice(-most)
  await applyConfigMap(cluster, namespace, knownName, { [key]: `${JSON.stringify(sorted, null, 1)}\n` })
}
