import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { connectCluster } from '../../cluster/connection.ts'
import { platformRelease } from '../../cluster/helm.ts'
import { readHelmHistory } from '../../cluster/helm-history.ts'
import type { InstallContext, InstallDeps } from '../../install/context.ts'
import type { StageOutcome } from '../../install/engine.ts'
import type { Emit } from '../../install/events.ts'
import { installStages } from '../../install/install.ts'
import { installedVersion } from '../../install/installed-version.ts'
import { runJournaled } from '../../install/journaled.ts'
import { openBackup } from '../file/open.ts'
import type { Key } from '../file/seal.ts'
import { type BackupSite, identityOf } from '../site.ts'
import { assertKey, verifyOpened } from '../verify.ts'
import type { RestoreContext } from './context.ts'
import { fillStage, homesStage, secretsStage, serverStage } from './stages.ts'

/** Whether there is an installation that a backup would be put back onto; one that was begun from a backup is none yet. */
export async function isInstalled({ cluster, namespace }: BackupSite): Promise<boolean> {
  const helm = await readHelmHistory(cluster, platformRelease(namespace))
  return helm !== undefined && (await installedVersion(cluster, namespace)) !== undefined
}

export interface EmptyOptions {
  key?: Key | undefined
  emit: Emit
  signal: AbortSignal
}

/**
 * Makes the platform of a backup in a cluster where it is not: its secrets first, then its database, then what the answers and
 * the bundle say. It can be killed at any moment; the same call goes on.
 * @throws SealiftError BACKUP_*, and what an installation throws
 */
export async function restoreOntoEmpty(
  answers: CompleteAnswers,
  deps: InstallDeps,
  path: string,
  { key, emit, signal }: EmptyOptions,
): Promise<{ stages: StageOutcome[]; url: string }> {
  const backup = await openBackup(path)
  try {
    assertKey(backup, key)
    await assertBelongs(answers, deps, backup, signal)
    const progress = (done: number, total: number, unit: 'bytes' | 'items') =>
      emit({ type: 'progress', stage: 'backup', done, total, unit })
    await verifyOpened(backup, { key, signal, report: { progress, info() {}, warn() {} } })
    const withBackup = (context: InstallContext): RestoreContext => ({ ...context, backup, key })
    const { outcomes } = await runJournaled(restoreStages, answers, deps, { emit, signal }, withBackup)
    return { stages: outcomes, url: `https://${answers.host}/` }
  } finally {
    await backup.close()
  }
}

/** The stages of an installation, with those of the backup in their places. */
const restoreStages = installStages.flatMap((stage) =>
  stage.id === 'secrets' ? [secretsStage, stage, serverStage, fillStage, homesStage] : [stage],
)

async function assertBelongs(
  answers: CompleteAnswers,
  { bundle }: InstallDeps,
  { document, path }: Awaited<ReturnType<typeof openBackup>>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = document.site
  const other = (why: string, fix: string) =>
    new SealiftError('BACKUP_OTHER_SITE', `${path} is a backup of another installation`, { why, fix })
  if (answers.namespace !== namespace)
    throw other(
      `it is of namespace ${namespace}, the answers say ${answers.namespace}`,
      `namespace: ${namespace} in the answers: certificates and volumes name it`,
    )
  if (document.release.name !== bundle.release.name)
    throw other(
      `it is of ${document.release.name}, the bundle has ${bundle.release.name}`,
      'give the bundle of the same product',
    )
  if (semver.gt(document.release.version, bundle.release.version, true))
    throw new SealiftError('BACKUP_NEWER', `${path} is of a later release than the bundle`, {
      why: `it is of ${document.release.version}, the bundle has ${bundle.release.version}`,
      fix: `give the bundle of ${document.release.version}, or a later one`,
    })
  const here = await identityOf({ cluster: connectCluster(answers, signal), namespace })
  if (here.identity !== undefined && document.site.identity !== undefined && here.identity !== document.site.identity)
    throw other(
      `namespace ${namespace} keeps the SSH host key of another one`,
      'remove what is left there: sealift uninstall --delete-data; or name another cluster',
    )
}
