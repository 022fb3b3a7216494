import { createHash } from 'node:crypto'
import { mkdir, statfs } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { bytes } from '../amounts.ts'
import { platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import { appliedMigrations } from '../database/applied-migrations.ts'
import type { Database } from '../database/database.ts'
import { type Snapshot, takeSnapshot } from '../database/dump.ts'
import { openDatabase } from '../database/open.ts'
import { tableStates } from '../database/state.ts'
import { tableSizes } from '../database/tables.ts'
import type { Reporter } from '../install/events.ts'
import { answersName } from '../install/kept-answers.ts'
import { lockState } from '../stores/state-lock.ts'
import { version } from '../version.ts'
import type { Backup } from './backup.ts'
import { readClaims } from './claims.ts'
import type { BackupDocument } from './document.ts'
import type { Protection } from './file/seal.ts'
import { partialName, writeBackup } from './file/write.ts'
import { remember } from './known.ts'
import { installedReceipt } from './receipt.ts'
import { readSecrets } from './secrets.ts'
import { type BackupSite, identityOf } from './site.ts'

export interface CreateOptions {
  /** where it is put; made where it is missing, for this user alone */
  directory: string
  /** who can read it; everybody who has the file by default */
  protection?: Protection | undefined
  report: Reporter
  signal: AbortSignal
}

/**
 * Makes a backup: the database as it is in one moment, and the Secrets, answers, values and receipt of the installation. People
 * go on working meanwhile. Content is streamed; the file gets its name when all of it is on the disk.
 * @throws SealiftError STORAGE_FULL, STORAGE_WRITE, USAGE_LOCKED, USAGE_BACKUP_KEY, CLUSTER_NO_RECEIPT, CLUSTER_SQL, CLUSTER_*
 */
export async function createBackup(site: BackupSite, options: CreateOptions): Promise<Backup> {
  const { directory, signal, report, protection } = options
  const cluster = site.cluster.until(signal)
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause) => {
    throw new SealiftError('STORAGE_WRITE', `${directory} cannot be made`, {
      why: cause.code,
      fix: 'name another one: --directory DIR',
      cause,
    })
  })
  const release = await lockState(directory, 'another backup', undefined, `.${site.namespace}.lock`)
  try {
    const database = await openDatabase(cluster, site.namespace)
    try {
      const backup = await writeFrom({ ...site, cluster }, database, options)
      if (protection === undefined)
        report.warn(
          `${backup.path} holds the secrets of the platform unencrypted: whoever reads it can act as the platform. Encrypt the next one: --recipient age1… or --passphrase-file FILE`,
        )
      await remember({ ...site, cluster }, backup)
      return backup
    } finally {
      await database.close()
    }
  } finally {
    release()
  }
}

async function writeFrom(site: BackupSite, database: Database, options: CreateOptions): Promise<Backup> {
  const { cluster, namespace } = site
  const { directory, protection, report, signal } = options
  const data = (await tableSizes(database)).reduce((sum, table) => sum + table.data, 0)
  await assertRoom(directory, data)
  const receipt = await installedReceipt(cluster, namespace)
  const [identity, helm] = await Promise.all([identityOf(site), readHelmHistory(cluster, platformRelease(namespace))])
  const snapshot = await takeSnapshot(database, signal)
  try {
    const created = new Date().toISOString()
    const documents = {
      secrets: JSON.stringify(await readSecrets(cluster, namespace)),
      receipt: receipt.text,
      answers: await answersText(site),
      values: JSON.stringify(helm?.values ?? {}),
    }
    const claims = await readClaims(cluster, namespace)
    const name = `${namespace}-${created.replaceAll(/[-:.]/g, '')}.backup`
    let document: BackupDocument | undefined
    const target = { directory, name, partial: partialName(namespace), protection }
    const written = await writeBackup(target, async (writer) => {
      for (const [part, text] of Object.entries(documents) as [keyof typeof documents, string][])
        await writer.add(part, (sink) => sink.write(Buffer.from(text)))
      const states = stateBeside(snapshot)
      await writer.add('dump', (sink) => {
        let done = 0
        return snapshot.dump(
          async (chunk) => {
            await sink.write(chunk)
            done += chunk.length
            report.progress(done, Math.max(done, data), 'bytes')
          },
          AbortSignal.any([signal, states.failed]),
        )
      })
      const { tables, migrations } = await states.done
      document = {
        ...{ apiVersion: 'sealift.dev/v1', kind: 'Backup', created, tool: version },
        site: { ...identity, host: receipt.receipt.site.host },
        release: receipt.receipt.release,
        receipt: `sha256:${createHash('sha256').update(receipt.text).digest('hex')}`,
        postgres: { major: database.major, own: database.own },
        ...{ migrations, tables, data, claims },
        encryption: protection === undefined ? 'none' : 'recipients' in protection ? 'recipients' : 'passphrase',
      }
      return document
    })
    return { ...written, path: path.join(directory, name), document: document as unknown as BackupDocument }
  } finally {
    await snapshot.close()
  }
}

/** Reads the states of the tables while they are dumped; a dump need not go on where that failed. */
function stateBeside(snapshot: Snapshot) {
  const failure = new AbortController()
  const done = (async () => {
    const migrations = (await appliedMigrations(snapshot)).map(({ name, hash }) => ({ name, hash }))
    return { migrations, tables: await tableStates(snapshot) }
  })()
  done.catch((error) => failure.abort(error))
  return { done, failed: failure.signal }
}

async function answersText({ cluster, namespace }: BackupSite): Promise<string> {
  const map = await cluster.find('read the answers of the installation', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: answersName }),
  )
  return map?.data?.['answers.yaml'] ?? '# the installation kept no answers\n'
}

/** Looks before the first byte is written: what is compressed is smaller than what it was, as a rule. */
async function assertRoom(directory: string, data: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (data <= bavail * bsize) return
  throw new SealiftError('STORAGE_FULL', `${directory} has too little free space for a backup`, {
    why: `the database has ${bytes(data)}, ${bytes(bavail * bsize)} are free`,
    fix: 'free space: sealift backup prune; or name a directory on a larger disk: --directory DIR',
  })
}
